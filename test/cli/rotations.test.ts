import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { clusterFolder, inside, liveFile, preparedStates } from '../support/live-secret.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const record = `${clusterFolder}/record.yaml`
const [g1, g2, g3] = ['Root CA', 'shop root CA g2', 'shop root CA g3'] as const

async function expectLive(sandbox: Sandbox, state: string, signer: string, roots: readonly string[]): Promise<void> {
  const { rootCert: _, ...found } = await inside(sandbox)
  expect(found).toEqual({ signer, roots, state, problems: [] })
  expect(sandbox.forge.file(`${clusterFolder}/cacerts/state.yaml`)).toContain(`state: ${state}`)
  expect(sandbox.forge.file(record)).toContain(`state: ${state}\n`)
}

test('stage, promote, retire: each state is what the step promises, and every step but stage runs without an identity', async () => {
  const [initialised, staged, promoted, retired] = await Promise.all(
    (['initialised', 'staged', 'promoted', 'retired'] as const).map(sandboxIn),
  )

  await expectLive(initialised!, 'g1-steady', g1, [g1])
  await expectLive(staged!, 'g2-staged', g1, [g1, g2])
  await expectLive(promoted!, 'g2-promoted', g2, [g1, g2])
  await expectLive(retired!, 'g2-steady', g2, [g2])
  expect((await inside(promoted!)).rootCert).toBe((await inside(staged!)).rootCert)
  expect(preparedStates(staged!)).toEqual(['g1-steady', 'g2-promoted', 'g2-staged', 'g2-steady'])
  expect(preparedStates(retired!)).toEqual(['g2-promoted'])
  expect(staged!.forge.files().get(`${clusterFolder}/prepared/g1-steady.sops.yaml`)).toEqual(initialised!.forge.files().get(liveFile))
})

test.each([
  ['staged', 'promote'],
  ['staged', 'rollback'],
  ['promoted', 'retire'],
  ['promoted', 'rollback'],
  ['retired', 'rollback'],
] as const)('%s, then %s: the line of the pull request shows that the sealed bytes lay on the branch', async (state, step) => {
  const sandbox = await sandboxIn(state)
  const { stdout } = await sandbox.does([step])
  const [line] = /^git diff .*$/m.exec(stdout) ?? []
  const compare = (command: string): string => execFileSync('sh', ['-c', command], { cwd: sandbox.clone, encoding: 'utf8', stdio: 'pipe' })

  expect(line).toContain(`:${liveFile}`)
  expect(compare(line!)).toBe('')
  expect(compare(line!.replace(/origin\/mesh-ca\/[^:]*:/, 'origin/main:'))).toContain('diff --git')
})

test('abandon after stage: the first root alone again, and the number is never used again', async () => {
  const sandbox = await sandboxIn('staged')
  const before = (await sandboxIn('initialised')).forge.files().get(liveFile)

  await sandbox.takes(['rollback'], 'mesh-ca/g2-abandoned')
  await expectLive(sandbox, 'g1-steady', g1, [g1])
  expect(sandbox.forge.files().get(liveFile)).toEqual(before)
  expect(preparedStates(sandbox)).toEqual([])
  expect([...sandbox.forge.files().keys()]).not.toContain('mesh-ca/roots/g2.sops.yaml')

  await sandbox.takes(['stage'], 'mesh-ca/g3-staged', { as: sandbox.operator })
  await expectLive(sandbox, 'g3-staged', g1, [g1, g3])
  expect(sandbox.forge.file('mesh-ca/mesh.yaml').match(/id: g\d/g)).toEqual(['id: g1', 'id: g2', 'id: g3'])
})

test('demote after promote, then promote again: the same bytes, another id', async () => {
  const sandbox = await sandboxIn('promoted')
  const promoted = sandbox.forge.files().get(liveFile)

  await sandbox.takes(['rollback'], 'mesh-ca/g2-demoted')
  await expectLive(sandbox, 'g2-staged', g1, [g1, g2])
  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted.2')

  await expectLive(sandbox, 'g2-promoted', g2, [g1, g2])
  expect(sandbox.forge.files().get(liveFile)).toEqual(promoted)
  expect(sandbox.forge.file(`${clusterFolder}/restarts.yaml`)).toContain('id: g2-promoted.2')
})

test('abandon after demote has the barrier of retire: certificates of the second root are alive', async () => {
  const sandbox = await sandboxIn('promoted')
  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    ['  rules: []', '  rules:\n    - { match: DaemonSet/monitoring/*, drain: expire, reason: OPS-12 }'],
  ])
  await sandbox.takes(['rollback'], 'mesh-ca/g2-demoted')

  await sandbox.refuses(['rollback'], {
    exitCode: 3,
    code: 'REFUSED',
    says: ['abandon needs evidence that g2-demoted is complete', 'DaemonSet/monitoring/node-agent'],
  })
  await sandbox.takes(['rollback', '--confirmed', 'no proxy has a certificate of g2'], 'mesh-ca/g2-abandoned')

  await expectLive(sandbox, 'g1-steady', g1, [g1])
  expect(sandbox.forge.file(`${clusterFolder}/restarts.yaml`)).toMatch(/entry:\n\s+state: g2-staged/)
})

test('restore after retire: the first root is trusted again, then retired again', async () => {
  const sandbox = await sandboxIn('retired')

  await sandbox.takes(['rollback'], 'mesh-ca/g2-restored')
  await expectLive(sandbox, 'g2-promoted', g2, [g1, g2])
  await sandbox.refuses(['rollback'], { exitCode: 3, code: 'REFUSED', says: [] })
  await sandbox.takes(['retire'], 'mesh-ca/g2-steady.2')

  await expectLive(sandbox, 'g2-steady', g2, [g2])
})

test('a second rotation after the first, with squash merges, which lose the trailers: nothing of the first root is left in it', async () => {
  const sandbox = await sandboxIn('retired')

  await sandbox.takes(['stage'], 'mesh-ca/g3-staged', { as: sandbox.operator, squash: true })
  await expectLive(sandbox, 'g3-staged', g2, [g2, g3])
  expect(preparedStates(sandbox)).toEqual(['g2-steady', 'g3-promoted', 'g3-staged', 'g3-steady'])
  await sandbox.takes(['promote'], 'mesh-ca/g3-promoted', { squash: true })
  await expectLive(sandbox, 'g3-promoted', g3, [g2, g3])
  await sandbox.takes(['retire'], 'mesh-ca/g3-steady', { squash: true })

  await expectLive(sandbox, 'g3-steady', g3, [g3])
  expect([...sandbox.forge.files().keys()].filter((path) => path.startsWith('mesh-ca/roots/'))).toEqual([
    'mesh-ca/roots/g2.sops.yaml',
    'mesh-ca/roots/g3.sops.yaml',
  ])
})

test.each([
  ['staged', 'g3'],
  ['promoted', 'g3'],
  ['retired', 'g3'],
] as const)('replace from %s: %s signs at once, and is trusted alone', async (state, generation) => {
  const sandbox = await sandboxIn(state)

  const { stdout } = await sandbox.takes(['replace'], `mesh-ca/${generation}-replaced`, { as: sandbox.operator })

  await expectLive(sandbox, `${generation}-steady`, `shop root CA ${generation}`, [`shop root CA ${generation}`])
  expect(preparedStates(sandbox)).toEqual([])
  expect(stdout).toContain('**This interrupts mutual TLS.**')
  const files = sandbox.forge.files()
  const gates = [...files].filter(([path]) => path.endsWith('/gate.yaml')).map(([, bytes]) => bytes.toString())
  expect(gates.map((text) => text.includes('rollout'))).toEqual([true, false, true])
  expect(stdout.match(/(Its gate waits|The next wave) .*/g)).toEqual([
    'Its gate waits for the rollouts and for `istio-ca-root-cert` in 5 namespaces.',
    'The next wave follows as soon as all of them bear the restart: no rollout is waited for.',
    'Its gate waits for the rollouts of all waves and for `istio-ca-root-cert` in 5 namespaces.',
  ])
})

test.each(['initialised', 'inPlace', 'twoClusters'] as const)(
  'replace again, while its branch is not merged: the same certificates are taken up (%s)',
  async (state) => {
    const sandbox = await sandboxIn(state)
    const branches = (): readonly string[] => sandbox.forge.branches().filter((name) => name.startsWith('mesh-ca/g2'))
    await sandbox.does(['replace', '--stack'])
    const before = branches().map((name) => sandbox.forge.text('rev-parse', name))

    const { stderr } = await sandbox.does(['replace', '--stack'])

    expect(stderr).toContain('taking up mesh-ca/g2-replaced again')
    expect(before.length).toBeGreaterThan(0)
    expect(branches().map((name) => sandbox.forge.text('rev-parse', name))).toEqual(before)
  },
)

test('replace needs no identity: the present key is not asked; and it can be repeated', async () => {
  const sandbox = await sandboxIn('initialised')

  await sandbox.takes(['replace'], 'mesh-ca/g2-replaced')
  await sandbox.takes(['replace'], 'mesh-ca/g3-replaced')

  await expectLive(sandbox, 'g3-steady', g3, [g3])
})

test('custody discard: the root’s key is nowhere, and the rotation goes through all the same', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['custody: sealed', 'custody: discard']])

  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted')

  await expectLive(sandbox, 'g2-promoted', g2, [g1, g2])
  expect(sandbox.forge.file('mesh-ca/mesh.yaml')).toMatch(/id: g2\n\s+origin: issued\n\s+rootKey: discarded/)
  expect([...sandbox.forge.files().keys()].filter((path) => path.startsWith('mesh-ca/roots/'))).toEqual([])
})

test('after a merge was reverted, the way back and the next step need a word, and no id comes again', async () => {
  const sandbox = await sandboxIn('promoted')
  sandbox.forge.revert()
  await expectLive(sandbox, 'g2-staged', g1, [g1, g2])

  // The cluster may have certificates of g2 by now: without its root, nobody would trust them.
  for (const args of [['rollback'], ['rollback', '--gate-passed', `prod=${new Date().toISOString()}`]])
    await sandbox.refuses(args, {
      exitCode: 3,
      code: 'REFUSED',
      says: [
        'abandon needs evidence that g2-staged is complete',
        'the merge of g2-promoted was reverted: workloads may carry g2-staged from before',
      ],
    })
  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says: ['the merge of g2-promoted was reverted'] })
  expect((await sandbox.does(['status'])).stdout).toContain('the merge of g2-promoted was reverted')
  await sandbox.takes(['promote', '--confirmed', 'all workloads trust both'], 'mesh-ca/g2-promoted.2')

  await expectLive(sandbox, 'g2-promoted', g2, [g1, g2])
  await sandbox.takes(['retire'], 'mesh-ca/g2-steady')
})

test('a step that goes on after a revert waits in the cluster as a step forward does', async () => {
  const sandbox = await sandboxIn('retired')
  sandbox.forge.revert()

  await sandbox.refuses(['rollback'], { exitCode: 3, code: 'REFUSED', says: ['demote needs evidence that g2-promoted is complete'] })
  await sandbox.takes(['rollback', '--confirmed', 'all workloads have both roots'], 'mesh-ca/g2-demoted', { squash: true })

  expect(sandbox.forge.file(`${clusterFolder}/restarts.yaml`)).toMatch(/^entry:\n {2}state: g2-promoted\n {2}id: g2-promoted\n/m)
})

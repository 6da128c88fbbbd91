import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { clusterFolder, inside, preparedStates } from '../support/live-secret.ts'
import { deliverInPlace, inPlaceFile, laidOutCa, opened, sealed, secretOf } from '../support/sealed-secret.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const stateFile = 'infrastructure/istio/mesh-ca-state.yaml'

test('init leaves a sealed Secret where it is, byte for byte, and lists mesh-ca-state beside it', async () => {
  const sandbox = await sandboxIn('fresh')
  await deliverInPlace(sandbox, secretOf(laidOutCa(sandbox)))
  const before = sandbox.forge.files()

  await sandbox.refuses(['init', '--mesh', 'shop'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['the age recipient of a custodian', '--custodian'],
  })
  await sandbox.takes(['init', '--mesh', 'shop', '--custodian', sandbox.custodian.recipient], 'mesh-ca/init', { as: sandbox.operator })

  const after = sandbox.forge.files()
  expect(after.get(inPlaceFile)).toEqual(before.get(inPlaceFile))
  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toContain(`cacerts: { file: ${inPlaceFile}, managed: in-place }`)
  expect(sandbox.forge.file(stateFile)).toContain('state: g1-steady')
  expect(
    sandbox.forge
      .file('infrastructure/istio/kustomization.yaml')
      .split('\n')
      .filter((line) => !before.get('infrastructure/istio/kustomization.yaml')?.toString().includes(line)),
  ).toEqual(['  - mesh-ca-state.yaml'])
  expect([...after.keys()].filter((path) => path.startsWith(`${clusterFolder}/cacerts/`))).toEqual([])
})

test('a whole rotation: the Secret and its state go first, the restarts in a second pull request', async () => {
  const sandbox = await sandboxIn('inPlace')

  for (const [step, id, roots] of [
    ['stage', 'g2-staged', ['Root CA', 'shop root CA g2']],
    ['promote', 'g2-promoted', ['Root CA', 'shop root CA g2']],
    ['retire', 'g2-steady', ['shop root CA g2']],
  ] as const) {
    const word = step === 'stage' ? [] : ['--confirmed', 'looked at every proxy']
    if (step !== 'stage') await sandbox.refuses([step], { exitCode: 3, code: 'REFUSED', says: ['another owner delivers the Secret'] })
    const { stdout } = await sandbox.takes([step, ...word], `mesh-ca/${id}`, { as: step === 'stage' ? sandbox.operator : null })
    expect(stdout).toContain('Reroot-Change-Set: 1/2 secret')
    expect(await inside(sandbox, inPlaceFile)).toMatchObject({ state: id, roots, problems: [] })
    expect(sandbox.forge.file(stateFile)).toContain(`state: ${id}`)

    const second = await sandbox.takes([step], `mesh-ca/${id}-2-restarts`)
    expect(second.stdout).toContain(`**Merge this only after \`mesh-ca/${id}\` is merged`)
    expect(sandbox.forge.file(`${clusterFolder}/restarts.yaml`)).toContain(`id: ${id}\n`)
    expect((await sandbox.does([step])).stderr).toContain('nothing to do')
  }
  expect(preparedStates(sandbox)).toEqual(['g2-promoted'])
})

test('while only the Secret’s pull request is merged, the next step is refused, and everything says which command comes next', async () => {
  const sandbox = await sandboxIn('inPlace')
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  const refused = await sandbox.refuses(['promote', '--confirmed', 'all is well'], {
    exitCode: 3,
    code: 'REFUSED',
    says: [
      'the restarts of g2-staged are not on the branch: merge the rest of its pull requests first',
      'hint: run `reroot stage` again for the next part of g2-staged, and merge that',
    ],
  })
  const { stdout } = await sandbox.does(['status'])
  sandbox.git('pull', '--quiet')
  await sandbox.does(['render', '--out', `${sandbox.folder}/dist`])
  await sandbox.does(['stage'])
  const pushed = await sandbox.does(['status'])
  const json = JSON.parse((await sandbox.does(['status', '--output', 'json'])).stdout) as Record<string, unknown>
  sandbox.forge.merge('mesh-ca/g2-staged-2-restarts')
  const whole = await sandbox.does(['status'])

  expect(refused.stderr).not.toContain('--confirmed "<')
  expect(stdout).toMatch(/prod\s+staged/)
  expect(stdout).toContain(
    'next: run `reroot stage` again: g2-staged is merged in part, and its restarts in prod are not on the branch yet',
  )
  expect(stdout).not.toContain('`reroot promote`')
  expect(stdout).toContain('possible: `reroot rollback` (abandon)')
  expect(pushed.stdout).toContain('next: merge the pull request of mesh-ca/g2-staged-2-restarts: g2-staged is merged in part')
  expect(json['unfinished']).toEqual({
    step: 'stage',
    command: 'stage',
    id: 'g2-staged',
    clusters: ['prod'],
    lacks: 'restarts',
    branch: 'mesh-ca/g2-staged-2-restarts',
  })
  expect(whole.stdout).not.toContain('next:')
  expect(whole.stdout).toContain('not yet: `reroot promote` needs evidence')
})

/** What `render` writes otherwise than the branch has it: nothing, also between the two pull requests of a step. */
async function renderedOtherwise(sandbox: Sandbox, name: string): Promise<readonly string[]> {
  const out = join(sandbox.folder, name)
  sandbox.git('pull', '--quiet')
  await sandbox.does(['render', '--out', out])
  const branch = sandbox.forge.files()
  const written = readdirSync(out, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [relative(out, join(entry.parentPath, entry.name))] : [],
  )
  expect(written).toEqual(expect.arrayContaining([stateFile, `${clusterFolder}/waves/01-control-plane/restart.yaml`]))
  return written.filter((path) => branch.get(path)?.equals(readFileSync(join(out, path))) !== true)
}

test('a way back goes on with its second part, too', async () => {
  const sandbox = await sandboxIn('inPlace')
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged-2-restarts')
  await sandbox.takes(['promote', '--confirmed', 'seen'], 'mesh-ca/g2-promoted')
  expect(await renderedOtherwise(sandbox, 'first')).toEqual([])
  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted-2-restarts')
  expect(await renderedOtherwise(sandbox, 'second')).toEqual([])

  for (const id of ['g2-demoted', 'g2-abandoned']) {
    await sandbox.takes(['rollback', ...(id === 'g2-abandoned' ? ['--confirmed', 'no certificate of g2 is left'] : [])], `mesh-ca/${id}`)
    expect((await sandbox.does(['status'])).stdout).toContain(`next: run \`reroot rollback\` again: ${id} is merged in part`)
    await sandbox.takes(['rollback'], `mesh-ca/${id}-2-restarts`)
  }
})

test('the second part of a step that was given up before it was merged is named until its branch is gone, squashed ones are not', async () => {
  const sandbox = await sandboxIn('inPlace')
  await sandbox.does(['stage', '--stack'], { as: sandbox.operator })
  sandbox.forge.merge('mesh-ca/g2-staged', 'squash')
  await sandbox.takes(['rollback'], 'mesh-ca/g2-abandoned', { squash: true })

  const back = await sandbox.takes(['rollback'], 'mesh-ca/g2-abandoned-2-restarts', { squash: true })
  const { stdout } = await sandbox.does(['status'])

  expect(back.stderr).toContain(
    'warning: mesh-ca/g2-staged-2-restarts is not merged, and was made for another step: close its pull request and delete the branch',
  )
  expect(stdout).toMatch(/^not merged yet: mesh-ca\/g2-staged-2-restarts$/m)
  expect(stdout).not.toContain('is prepared: it takes up')
})

test('labels, annotations and recipients of the owner’s Secret are kept in every state', async () => {
  const sandbox = await sandboxIn('fresh')
  const document = secretOf(laidOutCa(sandbox), {
    metadata: { name: 'cacerts', namespace: 'istio-system', labels: { team: 'platform' }, annotations: { 'example.com/why': 'mesh' } },
  })
  await deliverInPlace(sandbox, document, [sandbox.cluster.recipient, sandbox.operator.recipient, sandbox.custodian.recipient])
  await sandbox.takes(['init', '--mesh', 'shop', '--custodian', sandbox.custodian.recipient], 'mesh-ca/init', { as: sandbox.operator })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  for (const state of preparedStates(sandbox)) {
    const path = `${clusterFolder}/prepared/${state}.sops.yaml`
    const { metadata } = await opened(sandbox.forge.files().get(path) ?? Buffer.alloc(0), path, sandbox.custodian)
    expect(metadata, state).toMatchObject({ labels: { team: 'platform' }, annotations: { 'example.com/why': 'mesh' } })
  }
  expect(preparedStates(sandbox)).toHaveLength(4)
})

test('the owner edits the Secret by hand between steps: stage of the next rotation sees it, and refuses', async () => {
  const sandbox = await sandboxIn('inPlace')
  const other = secretOf({ ...laidOutCa(sandbox), 'root-cert.pem': laidOutCa(sandbox)['cert-chain.pem'] ?? '' })
  sandbox.forge.push({ [inPlaceFile]: await sealed(other, inPlaceFile, [sandbox.operator.recipient]) })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: [`${inPlaceFile} is not the Secret that the record describes`],
  })
})

test('a key that the owner adds to the Secret after init: stage refuses to drop it', async () => {
  const sandbox = await sandboxIn('inPlace')
  const recipients = [sandbox.cluster.recipient, sandbox.operator.recipient]
  const live = secretOf({ ...laidOutCa(sandbox), 'notes.txt': 'by hand' })
  sandbox.forge.push({ [inPlaceFile]: await sealed(live, inPlaceFile, recipients) })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: [`${inPlaceFile} holds keys that istiod does not read: notes.txt`, 'drop them at the next step'],
  })
})

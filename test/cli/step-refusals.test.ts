import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hoursAgo } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const own = 'mesh-ca/clusters/prod'
const live = `${own}/cacerts/cacerts.sops.yaml`

test('stage before the first stage is merged takes up its branch: the same certificates, nothing pushed', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.does(['stage'], { as: sandbox.operator })
  const before = sandbox.everything()

  const { stderr } = await sandbox.does(['stage'])

  expect(stderr).toContain('taking up mesh-ca/g2-staged again')
  expect(stderr).toContain('nothing was pushed')
  expect(sandbox.everything()).toEqual(before)
})

test('stage when the base has moved keeps the sealed bytes, and --reissue makes new certificates', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.does(['stage'], { as: sandbox.operator })
  const first = sandbox.forge.files('mesh-ca/g2-staged')
  sandbox.forge.push({ 'README.md': 'moved on\n' })

  await sandbox.does(['stage'])
  const second = sandbox.forge.files('mesh-ca/g2-staged')
  await sandbox.refuses(['stage', '--reissue'], { exitCode: 3, code: 'NO_IDENTITY', says: [live] })
  await sandbox.does(['stage', '--reissue'], { as: sandbox.operator })
  const third = sandbox.forge.files('mesh-ca/g2-staged')

  expect(second.get('README.md')?.toString()).toBe('moved on\n')
  expect(new Map([...second, ['README.md', first.get('README.md')]])).toEqual(first)
  expect(third.get(`${own}/prepared/g2-steady.sops.yaml`)).not.toEqual(first.get(`${own}/prepared/g2-steady.sops.yaml`))
  expect(third.get('mesh-ca/mesh.yaml')).not.toEqual(first.get('mesh-ca/mesh.yaml'))
})

test('a foreign commit on the branch', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.does(['stage'], { as: sandbox.operator })
  sandbox.forge.push({ 'README.md': 'mine\n' }, 'A correction of mine', 'mesh-ca/g2-staged')

  for (const args of [['stage'], ['stage', '--reissue']]) {
    await sandbox.refuses(args, {
      as: sandbox.operator,
      exitCode: 3,
      code: 'FOREIGN_COMMITS',
      says: ['mesh-ca/g2-staged', '1 commit that reroot did not make', 'A correction of mine'],
    })
  }
  const { stdout } = await sandbox.does(['status'])
  expect(stdout).toContain('blocked: `reroot stage` would take up mesh-ca/g2-staged, which holds commits that reroot did not make')
  expect(stdout).not.toContain('possible:')
  expect(stdout).toContain('not merged yet: mesh-ca/g2-staged')
  expect(JSON.parse((await sandbox.does(['status', '--output', 'json'])).stdout)).toMatchObject({
    next: [{ step: 'stage', branch: 'mesh-ca/g2-staged', branchTaken: 'commits-of-others' }],
  })
})

test('steps that are not legal now', async () => {
  const sandbox = await sandboxIn('initialised')
  const refusal = { exitCode: 3, code: 'REFUSED' } as const

  await sandbox.refuses(['promote', '--confirmed', 'all is well'], {
    ...refusal,
    says: ['promote is not possible: prod is steady', 'what is possible now: `stage`'],
  })
  await sandbox.refuses(['retire', '--confirmed', 'all is well'], { ...refusal, says: ['retire is not possible: prod is steady'] })
  await sandbox.refuses(['rollback'], { ...refusal, says: ['there is nothing to roll back'] })
  await sandbox.does(['stage'], { as: sandbox.operator })
  await sandbox.refuses(['promote'], {
    ...refusal,
    says: ['promote is not possible: prod is steady', 'only once its pull request is merged'],
  })
})

test('a step that is merged in full has nothing left to do', async () => {
  const sandbox = await sandboxIn('staged')
  const before = sandbox.everything()

  const { stdout, stderr } = await sandbox.does(['stage'])
  await sandbox.refuses(['stage', '--reissue'], { as: sandbox.operator, exitCode: 3, code: 'REFUSED', says: ['g2-staged is merged'] })

  expect(stdout).toBe('')
  expect(stderr).toContain('nothing to do: g2-staged is merged in full')
  expect(sandbox.everything()).toEqual(before)
})

test('promote without evidence, when a workload only expires; then by time, by a word, by force', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    ['  rules: []', '  rules:\n    - { match: DaemonSet/monitoring/*, drain: expire, reason: OPS-12 }'],
    // A root of yesterday: no gate of its steps can have passed before.
    ['backdateMinutes: 60', 'backdateMinutes: 1440'],
    ['workloadCertificateHours: 24', 'workloadCertificateHours: 20'],
  ])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator, environment: hoursAgo(23) })
  const refusal = {
    exitCode: 3,
    code: 'REFUSED',
    says: ['promote needs evidence that g2-staged is complete', 'DaemonSet/monitoring/node-agent'],
  } as const
  const ago = (hours: number): string => `prod=${new Date(Date.now() - hours * 3_600_000).toISOString()}`

  await sandbox.refuses(['promote'], refusal)
  await sandbox.refuses(['promote', '--gate-passed', ago(5)], { ...refusal, says: ['only 5 h of 20 h'] })
  const evidence = async (...args: string[]): Promise<string> => {
    await sandbox.does(['promote', ...args])
    return /transitions:[\s\S]*/.exec(sandbox.forge.file(`${own}/record.yaml`, 'mesh-ca/g2-promoted'))?.[0] ?? ''
  }

  expect(await evidence('--gate-passed', ago(22))).toContain('kind: elapsed')
  expect(await evidence('--confirmed', 'looked at every proxy')).toMatch(/kind: person\n\s+detail: "?looked at every proxy/)
  expect(await evidence('--force', '--reason', 'it is Friday')).toMatch(/barrier: .*node-agent[\s\S]*reason: "?it is Friday/)
})

test('flags that make no sense', async () => {
  const sandbox = await sandboxIn('staged')
  const usage = { exitCode: 2, code: 'USAGE' } as const

  await sandbox.refuses(['promote', '--force'], { ...usage, says: ['--force needs --reason'] })
  await sandbox.refuses(['promote', '--force', '--reason', ' '], { ...usage, says: ['--reason is empty'] })
  await sandbox.refuses(['promote', '--reason', 'why not'], { ...usage, says: ['--reason is only for --force'] })
  await sandbox.refuses(['promote', '--confirmed', ''], { ...usage, says: ['--confirmed is empty'] })
  await sandbox.refuses(['promote', '--gate-passed', 'prod=yesterday'], { ...usage, says: ['is not a time'] })
  await sandbox.refuses(['promote', '--gate-passed', 'prod=1999-01-01T00:00:00Z'], {
    ...usage,
    says: ['=1999-01-01T00:00:00Z cannot be: g2-staged was committed at', 'its gates passed after that'],
  })
  await sandbox.refuses(['promote', '--gate-passed', 'prod=2999-01-01T00:00:00Z'], { ...usage, says: ['it is in the future'] })
  await sandbox.refuses(['promote', '--gate-passed', 'typo=2026-01-01T00:00:00Z'], { ...usage, says: ['no cluster of this mesh'] })
  await sandbox.refuses(['promote', '--config', 'no-such.yaml'], { ...usage, says: ['cannot read no-such.yaml'] })
})

test('a hook of the user that fails: before the commit, before the push', async () => {
  const sandbox = await sandboxIn('staged')
  const failed = { exitCode: 4, code: 'GIT_FAILED' } as const

  sandbox.hook('pre-push', 'echo "push only in the afternoon" >&2; exit 1')
  await sandbox.refuses(['promote'], { ...failed, says: ['push only in the afternoon'] })
  sandbox.hook('pre-commit', 'echo "commit only in the morning" >&2; exit 1')
  await sandbox.refuses(['promote'], { ...failed, says: ['commit only in the morning'] })
})

test('a remote that is gone', async () => {
  const sandbox = await sandboxIn('staged')

  sandbox.git('config', 'remote.origin.url', join(sandbox.folder, 'nowhere.git'))
  await sandbox.refuses(['promote'], { exitCode: 4, code: 'GIT_FAILED', says: ['nowhere.git'] })
})

test('a dirty, detached checkout is left alone, and nothing in it counts', async () => {
  const sandbox = await sandboxIn('staged')
  mkdirSync(join(sandbox.clone, 'mesh-ca'))
  writeFileSync(join(sandbox.clone, 'mesh-ca/mesh.yaml'), 'nonsense\n')
  sandbox.git('add', '--all')
  writeFileSync(join(sandbox.clone, 'README.md'), 'half a thought\n')
  sandbox.git('checkout', '--quiet', '--detach')
  const before = sandbox.everything()

  await sandbox.does(['promote'])

  expect({ ...sandbox.everything(), remote: before['remote'] }).toEqual(before)
  expect(sandbox.forge.branches()).toContain('mesh-ca/g2-promoted')
})

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, Forge } from '../support/forge.ts'
import { clusterFolder, inside } from '../support/live-secret.ts'
import { environmentOf } from '../support/sandbox.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

test('--dry-run of init and of a step writes the files into --out, and touches nothing else', async () => {
  const sandbox = await sandboxIn('initialised')
  const before = sandbox.everything()
  const out = join(sandbox.folder, 'out')

  const { stdout, stderr } = await sandbox.does(['stage', '--dry-run', '--out', out], { as: sandbox.operator })

  expect(sandbox.everything()).toEqual(before)
  expect(stdout).toContain('# stage g2 in prod')
  expect(stderr).toContain(`dry run: nothing was committed or pushed; the files are in ${out}`)
  // Nobody will see the certificates of a dry run again.
  expect(stderr).not.toContain('SHA-256')
  const alone = "the certificates of g2 are this dry run's alone"
  expect(stderr).toContain(alone)
  const written = filesBelow(out).map((path) => relative(out, path))
  const real = await sandbox.does(['stage'], { as: sandbox.operator })
  const made = [...real.stderr.matchAll(/^made the (root of g2|intermediate of prod): SHA-256 ([0-9a-f]{64})$/gm)]
  expect(made.map(([, what]) => what)).toEqual(['root of g2', 'intermediate of prod'])
  for (const [, , fingerprint] of made) expect(real.stdout).toContain(`\`${fingerprint}\``)
  const again = await sandbox.does(['stage'], { as: sandbox.operator })
  expect(again.stderr).not.toContain('SHA-256')
  const dryAgain = await sandbox.does(['stage', '--dry-run'])
  for (const run of [real, again, dryAgain]) expect(run.stderr).not.toContain(alone)
  const main = sandbox.forge.files()
  const changed = [...sandbox.forge.files('mesh-ca/g2-staged')]
    .filter(([path, bytes]) => main.get(path)?.equals(bytes) !== true)
    .map(([path]) => path)
  expect(written).toEqual(changed.toSorted())
})

test('--dry-run of init writes a repository’s worth of files into a folder that it names', async () => {
  const sandbox = await sandboxIn('fresh')
  const before = sandbox.everything()

  const { stderr } = await sandbox.does(sandbox.initArguments('--dry-run'), { as: sandbox.operator })

  const out = /the files are in (.*)/.exec(stderr)?.[1] ?? ''
  expect(sandbox.everything()).toEqual(before)
  expect(existsSync(join(out, 'mesh-ca/reroot.yaml'))).toBe(true)
  expect(out.startsWith(sandbox.temporary)).toBe(true)
})

test.each([
  ['init', (sandbox: Sandbox) => sandbox.initArguments('--out', '../out')],
  ['stage', () => ['stage', '--out', '../out']],
] as const)('--out of %s without --dry-run would be ignored, so it is refused', async (name, args) => {
  const sandbox = await sandboxIn(name === 'init' ? 'fresh' : 'initialised')

  await sandbox.refuses(args(sandbox), {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['--out is only for --dry-run', 'add --dry-run', '--no-push'],
  })

  expect(existsSync(join(sandbox.folder, 'out'))).toBe(false)
})

test('a repository as --out of a dry run would be written over, so it is refused', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.git('worktree', 'add', '--quiet', '--detach', '../side')
  const usage = { exitCode: 2, code: 'USAGE' } as const

  for (const out of ['.', 'apps/..', sandbox.clone, '../side', '.git', '../remote.git'])
    await sandbox.refuses(['stage', '--dry-run', '--out', out], {
      ...usage,
      as: sandbox.operator,
      says: [`--out ${out} is a git repository`, 'hint: name another folder'],
    })
  await sandbox.refuses(sandbox.initArguments('--dry-run', '--out', '.'), { ...usage, says: ['--out . is a git repository'] })

  expect(new Forge(join(sandbox.folder, 'side'), environmentOf(sandbox.folder)).text('status', '--porcelain')).toBe('')
})

test('a folder for --out that cannot be made is an error of the environment, not a bug', async () => {
  const sandbox = await sandboxIn('initialised')
  writeFileSync(join(sandbox.folder, 'out'), 'a file\n')

  await sandbox.refuses(['stage', '--dry-run', '--out', '../out'], {
    as: sandbox.operator,
    exitCode: 4,
    code: 'ENVIRONMENT',
    says: [/cannot write into \.\.\/out.*(EEXIST|ENOTDIR)/],
  })
  await sandbox.does(['stage', '--dry-run', '--out', '../new/deep'], { as: sandbox.operator })

  expect(existsSync(join(sandbox.folder, 'new/deep/mesh-ca/mesh.yaml'))).toBe(true)
})

test('the help of every command says what every flag is for, and ends with an example', async () => {
  const sandbox = await sandboxIn('fresh')

  for (const name of ['init', 'stage', 'promote', 'retire', 'rollback', 'replace', 'status', 'render']) {
    const { stdout } = await sandbox.does([name, '--help'])

    expect(stdout).toMatch(new RegExp(`\\nExample:\\n {2}reroot ${name}\\b.*\\n$`))
    expect(stdout, name).not.toContain('default: []')
    expect(stdout, name).not.toMatch(/^ {2}--[a-z-]+( <[^>]*>)?\n {2}-/m)
  }
})

test('an init that is pushed and not merged is what everything else waits for', async () => {
  const sandbox = await sandboxIn('fresh')
  const refusal = { exitCode: 2, code: 'CONFIG_INVALID' } as const
  await sandbox.refuses(['stage'], { ...refusal, says: ['there is no mesh-ca/reroot.yaml on origin/main', 'run `reroot init`'] })
  await sandbox.does(sandbox.initArguments('--no-push'), { as: sandbox.operator })
  await sandbox.refuses(['status'], { ...refusal, says: ['has kept mesh-ca/init in this clone'] })
  await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })

  for (const command of ['stage', 'status'])
    await sandbox.refuses([command], { ...refusal, says: ['`reroot init` has pushed mesh-ca/init', 'merge it first'] })
  const again = await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })

  expect(again.stderr).toContain('note: mesh-ca/init is there already, and not merged')
})

test('no identity at all: it is said, with every place that was looked at', async () => {
  const places = (sandbox: Sandbox) => [
    'no age identity was found',
    'SOPS_AGE_KEY (not set), SOPS_AGE_KEY_FILE (not set), SOPS_AGE_KEY_CMD (not set)',
    `${sandbox.folder}/home/.config/sops/age/keys.txt`,
  ]
  const initialised = await sandboxIn('initialised')
  await initialised.refuses(['stage'], { exitCode: 3, code: 'NO_IDENTITY', says: places(initialised) })
  const fresh = await sandboxIn('fresh')

  await fresh.refuses(fresh.initArguments(), { exitCode: 3, code: 'NO_IDENTITY', says: places(fresh) })
})

test('what is to be done about a damaged record is said once', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit('mesh-ca/clusters/prod/record.yaml', [
    ['state: g1-steady', 'state: g2-steady'],
    ['signer: g1', 'signer: g3'],
  ])

  const { stderr } = await sandbox.refuses(['status'], { exitCode: 2, code: 'RECORD_INVALID', says: ['hint: '] })

  const hint = /^hint: (.*)$/m.exec(stderr)?.[1] ?? ''
  expect(stderr.split(hint)).toHaveLength(2)
})

test('--no-push keeps the branch in the clone, and the same run again changes nothing', async () => {
  const sandbox = await sandboxIn('staged')
  const before = sandbox.everything()

  const { stderr } = await sandbox.does(['promote', '--no-push'])
  const branch = sandbox.git('rev-parse', 'mesh-ca/g2-promoted')
  await sandbox.does(['promote', '--no-push'])

  expect(stderr).toContain('kept mesh-ca/g2-promoted in this clone')
  expect(sandbox.everything()).toEqual({ ...before, refs: { ...(before['refs'] as object), 'refs/heads/mesh-ca/g2-promoted': branch } })
})

test('stage with --no-push, then without: the same certificates are pushed', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.does(['stage', '--no-push'], { as: sandbox.operator })
  const kept = sandbox.git('show', `mesh-ca/g2-staged:${clusterFolder}/prepared/g2-steady.sops.yaml`)

  await sandbox.does(['stage'])

  expect(sandbox.forge.file(`${clusterFolder}/prepared/g2-steady.sops.yaml`, 'mesh-ca/g2-staged').trimEnd()).toBe(kept)
})

test('--output json is JSON and nothing else, on success and on refusal', async () => {
  const sandbox = await sandboxIn('initialised')
  const json = async (args: readonly string[], as: typeof sandbox.operator | null = null): Promise<Record<string, unknown>> =>
    JSON.parse((await sandbox.run([...args, '--output', 'json'], { as })).stdout) as Record<string, unknown>

  expect(await json(['stage'])).toMatchObject({ error: { code: 'NO_IDENTITY', hint: expect.any(String), findings: [] } })
  expect(await json(['stage'], sandbox.operator)).toMatchObject({
    step: 'stage',
    id: 'g2-staged',
    changes: [{ branch: 'mesh-ca/g2-staged', pushed: true, trailers: { 'Reroot-Id': 'g2-staged' } }],
  })
  expect(await json(['promote'])).toMatchObject({ error: { code: 'REFUSED' } })
  expect(await json(['status'])).toMatchObject({
    mesh: 'shop',
    clusters: [{ cluster: 'prod', phase: 'steady', signer: 'g1' }],
    branches: ['mesh-ca/g2-staged'],
  })
  expect(await json(['status', '--offline'])).toMatchObject({ error: { code: 'CONFIG_INVALID' } })
  expect(await json(sandbox.initArguments(), sandbox.operator)).toMatchObject({ error: { code: 'REFUSED' } })
})

test('init with --output json', async () => {
  const sandbox = await sandboxIn('fresh')

  const { stdout } = await sandbox.does([...sandbox.initArguments(), '--output', 'json'], { as: sandbox.operator })

  expect(JSON.parse(stdout)).toMatchObject({ request: { branch: 'mesh-ca/init' }, delivered: { pushed: true } })
})

test('--config takes another reroot.yaml, and commits it with the change; without it a difference is only said', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.git('pull', '--quiet')
  const path = join(sandbox.clone, 'mesh-ca/reroot.yaml')
  writeFileSync(path, readFileSync(path, 'utf8').replace('tiers: []', 'tiers: [{ name: money, namespaces: [ledger] }]'))

  const { stderr } = await sandbox.does(['stage', '--dry-run'], { as: sandbox.operator })
  await sandbox.does(['stage', '--config', 'mesh-ca/reroot.yaml'], { as: sandbox.operator })

  expect(stderr).toContain('note: mesh-ca/reroot.yaml in your checkout differs from the branch')
  expect(sandbox.forge.file('mesh-ca/reroot.yaml', 'mesh-ca/g2-staged')).toBe(readFileSync(path, 'utf8'))
  expect(sandbox.forge.file(`${clusterFolder}/restarts.yaml`, 'mesh-ca/g2-staged')).toContain('name: money')
})

// The others differ in a number: test/pki/issue.test.ts.
test.each(['ecdsa-p384', 'rsa-4096'])('a new generation of %s', async (algorithm) => {
  const sandbox = await sandboxIn('initialised')
  const text = sandbox.forge.file('mesh-ca/reroot.yaml')
  sandbox.forge.push({ 'mesh-ca/reroot.yaml': text.replace('algorithm: ecdsa-p256', `algorithm: ${algorithm}`) })

  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  expect(sandbox.forge.file('mesh-ca/mesh.yaml')).toMatch(new RegExp(`id: g2[\\s\\S]*algorithm: ${algorithm}`))
  expect(await inside(sandbox, `${clusterFolder}/prepared/g2-promoted.sops.yaml`)).toMatchObject({
    signer: 'shop root CA g2',
    problems: [],
  })
})

test('status says where the mesh stands, what is open, and fails within a term', async () => {
  const sandbox = await sandboxIn('staged')
  await sandbox.does(['promote'])

  const { stdout } = await sandbox.does(['status'])
  const soon = await sandbox.run(['status', '--fail-within', '4000d'])
  const later = await sandbox.run(['status', '--fail-within', '30'])

  expect(stdout).toMatch(/prod\s+staged\s+g1\s+g1 \+ g2\s+g2-staged/)
  expect(stdout).toContain('not merged yet: mesh-ca/g2-promoted')
  expect(stdout).toContain('possible: `reroot promote` is prepared: it takes up mesh-ca/g2-promoted, which is not merged yet')
  expect(stdout).toContain('possible: `reroot rollback` (abandon) can be planned now')
  expect([soon.exitCode, later.exitCode]).toEqual([1, 0])
  expect(soon.stderr).toMatch(/^within 4000 days: prod: .*g1.* expires in \d+ days, at \d{4}-/m)
  expect(later.stderr).not.toContain('expires')
})

test('--reissue is known only to the commands that issue certificates', async () => {
  const sandbox = await sandboxIn('staged')

  for (const command of ['promote', 'retire', 'rollback']) {
    const { exitCode, stderr } = await sandbox.run([command, '--reissue'])
    expect([command, exitCode, stderr]).toEqual([command, 2, expect.stringContaining("unknown option '--reissue'")])
  }
  for (const command of ['stage', 'replace']) expect((await sandbox.does([command, '--help'])).stdout).toContain('--reissue')
})

test('status names the findings that would refuse a step, also offline', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.push({ 'clusters/prod/mesh-ca.yaml': null })
  sandbox.git('pull', '--quiet')

  for (const words of [['status'], ['status', '--offline']]) {
    const { stdout } = await sandbox.does(words)

    expect(stdout).toContain(
      'blocked: `reroot stage` would be refused by a finding:\n  - prod clusters/prod/mesh-ca.yaml: Flux does not pick up',
    )
    expect(stdout).not.toContain('can be planned now')
  }
})

test('a branch of another step that is not merged is named, and the step’s own is not', async () => {
  const sandbox = await sandboxIn('staged')
  await sandbox.does(['promote'])

  const again = await sandbox.does(['promote'])
  const back = await sandbox.does(['rollback'])

  expect(again.stderr).not.toContain('warning: mesh-ca/')
  expect(back.stderr).toContain(
    'warning: mesh-ca/g2-promoted is not merged, and was made for another step: close its pull request and delete the branch before g2-abandoned is merged',
  )
})

test('render writes what the repository holds', async () => {
  const sandbox = await sandboxIn('promoted')
  sandbox.git('pull', '--quiet')
  const out = join(sandbox.folder, 'dist')

  await sandbox.does(['render', '--out', out])

  const files = sandbox.forge.files()
  for (const path of filesBelow(out)) expect(readFileSync(path, 'utf8'), path).toBe(files.get(relative(out, path))?.toString('utf8'))
})

test('--directory is a folder of the repository, however it is written', async () => {
  const sandbox = await sandboxIn('staged')
  const plain = await sandbox.does(['status', '--output', 'json'])

  for (const written of ['./mesh-ca', 'mesh-ca/', './/mesh-ca/.', 'apps/../mesh-ca'])
    expect((await sandbox.does(['status', '--output', 'json', '--directory', written])).stdout).toBe(plain.stdout)
  for (const written of ['', ' ', '.', '..', '../mesh-ca', '/mesh-ca', 'mesh-ca/../..']) {
    const { exitCode, stderr } = await sandbox.run(['status', '--directory', written])
    expect([written, exitCode, stderr]).toEqual([
      written,
      2,
      expect.stringContaining('It is the path of a folder below the top of the repository'),
    ])
  }
})

test.each([
  ['init', '--cluster-recipient', 'prod=age1a', 'prod=age1b'],
  ['init', '--from', 'prod=../certs', 'prod=../other'],
  ['promote', '--gate-passed', 'prod=2026-11-23T09:00:00Z', 'prod=2026-11-24T09:00:00Z'],
] as const)('%s %s twice for one cluster', async (command, flag, one, other) => {
  const sandbox = await sandboxIn(command === 'init' ? 'fresh' : 'staged')

  await sandbox.refuses([command, flag, one, flag, other], { exitCode: 2, code: 'USAGE', says: [`${flag} is given twice for prod`] })
})

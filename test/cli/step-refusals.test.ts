import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { opened, sealed, secretOf } from '../support/sealed-secret.ts'
import { hoursAgo } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const own = 'mesh-ca/clusters/prod'
const live = `${own}/cacerts/cacerts.sops.yaml`

test('no reroot.yaml: init is not merged', async () => {
  const sandbox = await sandboxIn('fresh')

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'CONFIG_INVALID',
    says: ['there is no mesh-ca/reroot.yaml', 'reroot init'],
  })
})

test('stage without an identity that opens the Secret', async () => {
  const sandbox = await sandboxIn('initialised')

  await sandbox.refuses(['stage'], { exitCode: 3, code: 'NO_IDENTITY', says: [live, sandbox.operator.recipient, 'SOPS_AGE_KEY_FILE'] })
  await sandbox.refuses(['stage'], { as: sandbox.custodian, exitCode: 3, code: 'NO_IDENTITY', says: [live] })
})

test('no SOPS rule for what will be sealed', async () => {
  const sandbox = await sandboxIn('initialised')
  const rules = sandbox.forge.file('.sops.yaml')
  sandbox.forge.push({
    '.sops.yaml': `creation_rules:${/\n {2}- path_regex: "\^mesh-ca\/roots[\s\S]*?\n(?= {2}#)/.exec(rules)?.[0] ?? ''}`,
  })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: [`no rule of .sops.yaml covers ${own}/prepared/g2-steady.sops.yaml`, 'above any catch-all'],
  })
})

test('a catch-all rule above ours, for other people', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit('.sops.yaml', [
    ['creation_rules:\n', `creation_rules:\n  - encrypted_regex: ^(data|stringData)$\n    age: ${sandbox.cluster.recipient}\n`],
  ])

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: ['the rule at .sops.yaml:4 would seal the next states for others', sandbox.operator.recipient, 'above any catch-all'],
  })
})

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
    next: [{ step: 'stage', branch: 'mesh-ca/g2-staged', hasOthersCommits: true }],
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
  await sandbox.refuses(['promote', '--gate-passed', 'prod=1999-01-01T00:00:00Z'], { ...usage, says: ['g2 did not exist before'] })
  await sandbox.refuses(['promote', '--gate-passed', 'prod=2999-01-01T00:00:00Z'], { ...usage, says: ['it is in the future'] })
  await sandbox.refuses(['promote', '--gate-passed', 'typo=2026-01-01T00:00:00Z'], { ...usage, says: ['no cluster of this mesh'] })
  await sandbox.refuses(['promote', '--config', 'no-such.yaml'], { ...usage, says: ['cannot read no-such.yaml'] })
})

test.each([
  [
    'record.yaml: another state',
    `${own}/record.yaml`,
    'state: g2-staged',
    'state: g2-promoted',
    ['record.yaml:4: state does not follow', 'expected: g2-staged'],
  ],
  ['record.yaml: another bundle', `${own}/record.yaml`, /rootBundle: .*/, `rootBundle: "${'0'.repeat(64)}"`, ['record/bundle']],
  [
    'record.yaml: an unknown key',
    `${own}/record.yaml`,
    'state: g2-staged',
    'state: g2-staged\nprogress: 80',
    ['record.yaml:5', 'progress'],
  ],
  [
    'mesh.yaml: another date',
    'mesh-ca/mesh.yaml',
    /notAfter: .*/,
    'notAfter: "2099-01-01T00:00:00Z"',
    [/mesh\.yaml:\d+: notAfter differs from the certificate/],
  ],
  ['mesh.yaml: another certificate', 'mesh-ca/mesh.yaml', /(-----BEGIN CERTIFICATE-----\n\s+)MII/, '$1MIJ', ['mesh-ca/mesh.yaml']],
  ['restarts.yaml: no workload', `${own}/restarts.yaml`, 'Deployment/istio-system/istiod', 'istiod', [/restarts\.yaml:\d+/]],
] as const)('a file of the record that was edited by hand: %s', async (_, path, from, to, says) => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.edit(path, [[from, to]])

  await sandbox.refuses(['promote', '--confirmed', 'all is well'], { exitCode: 2, code: 'RECORD_INVALID', says })
})

test('a record that is gone', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.push({ [`${own}/record.yaml`]: null })

  await sandbox.refuses(['promote'], { exitCode: 2, code: 'RECORD_INVALID', says: [`${own}/record.yaml is missing`] })
})

test('a live Secret that somebody swapped for another one, and stage', async () => {
  const sandbox = await sandboxIn('initialised')
  const { data, metadata } = await opened(sandbox.forge.files().get(live) ?? Buffer.alloc(0), live, sandbox.operator)
  const chain = data['cert-chain.pem'] ?? ''
  const other = secretOf({ ...data, 'root-cert.pem': chain }, { metadata })
  sandbox.forge.push({ [live]: await sealed(other, live, [sandbox.operator.recipient]) })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['is not the Secret that the record describes', 'root-cert.pem in the Secret differs from the record'],
  })
})

test('a prepared state that somebody sealed anew with another key, or another CA, is found by whoever can open it', async () => {
  const sandbox = await sandboxIn('staged')
  const path = `${own}/prepared/g2-promoted.sops.yaml`
  const was = await opened(sandbox.forge.files().get(path) ?? Buffer.alloc(0), path, sandbox.operator)
  const old = await opened(sandbox.forge.files().get(live) ?? Buffer.alloc(0), live, sandbox.operator)
  const swap = async (key: string): Promise<void> => {
    const other = secretOf({ ...was.data, [key]: old.data[key] ?? '' }, { metadata: was.metadata })
    sandbox.forge.push({ [path]: await sealed(other, path, [sandbox.cluster.recipient, sandbox.operator.recipient]) })
  }

  await swap('ca-key.pem')
  await sandbox.refuses(['promote', '--confirmed', 'looked'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: [`${path} holds a key that istiod cannot use: the key does not belong to`, 'somebody replaced it'],
  })
  await swap('ca-cert.pem')
  await sandbox.refuses(['promote', '--confirmed', 'looked'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: [`${path} holds another CA than the record says`, 'find out who did'],
  })
  expect((await sandbox.does(['promote', '--confirmed', 'looked', '--dry-run'])).stderr).toContain('no identity at hand')
})

test('a live Secret whose bytes were altered', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit(live, [['type: Opaque', 'type: Odd']])

  await sandbox.refuses(['stage'], { as: sandbox.operator, exitCode: 3, code: 'SEAL_REFUSED', says: [live] })
})

test('a live Secret of reroot’s own that no longer says what it is', async () => {
  const sandbox = await sandboxIn('initialised')
  const lines = sandbox.forge.file(live).split('\n')
  sandbox.forge.push({ [live]: lines.filter((line) => !line.trim().startsWith('reroot.dev/')).join('\n') })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['record/secret', 'reroot.dev/state is not what the record says', 'expected: g1-steady', 'found: nothing'],
  })
})

test('a live Secret that is none any more', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.push({ [live]: 'not a secret\n' })

  const { stderr } = await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['the file is not sealed', 'expected: a Secret cacerts, sealed with SOPS', 'found: a file without `sops:`'],
  })

  expect(stderr.match(/record\/secret/g)).toHaveLength(1)
})

test('a prepared Secret that is another one: of another state, without a key, of another CA', async () => {
  const sandbox = await sandboxIn('staged')
  const prepared = (state: string): string => `${own}/prepared/${state}.sops.yaml`
  const refusal = { exitCode: 3, code: 'REFUSED' } as const
  const right = sandbox.forge.file(prepared('g2-promoted'))

  sandbox.forge.push({ [prepared('g2-promoted')]: sandbox.forge.file(prepared('g2-staged')) })
  await sandbox.refuses(['promote'], {
    ...refusal,
    says: ['reroot.dev/state is not what the record says', 'expected: g2-promoted', 'found: g2-staged'],
  })
  sandbox.forge.push({ [prepared('g2-promoted')]: right.replace(/^ +root-cert\.pem: .*\n/m, '') })
  await sandbox.refuses(['promote'], { ...refusal, says: ['its keys is not what the record says'] })
  // The clear part pasted on top of another CA's Secret: only who can open it sees that.
  const clear = /^[\s\S]*?(?=^data:)/m
  sandbox.forge.push({ [prepared('g2-promoted')]: sandbox.forge.file(prepared('g2-staged')).replace(clear, clear.exec(right)?.[0] ?? '') })
  await sandbox.refuses(['promote'], { as: sandbox.operator, exitCode: 3, code: 'SEAL_REFUSED', says: [prepared('g2-promoted')] })
})

test('a branch whose sealed files are for people that the rules no longer name', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.does(['stage'], { as: sandbox.operator })
  const rules = sandbox.forge.file('.sops.yaml')
  sandbox.forge.push({ '.sops.yaml': rules.replaceAll(sandbox.custodian.recipient, sandbox.operator.recipient) })

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'SEAL_REFUSED',
    says: ['mesh-ca/roots/g2.sops.yaml on mesh-ca/g2-staged', '--reissue'],
  })
  await sandbox.does(['stage', '--reissue'], { as: sandbox.operator })
})

test('a repository in which Flux no longer picks up reroot', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.push({ 'clusters/prod/mesh-ca.yaml': null })

  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says: ['restart/unregistered', 'clusters/prod/mesh-ca.yaml'] })
})

test('a prepared Secret that is gone', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.push({ [`${own}/prepared/g2-promoted.sops.yaml`]: null })

  await sandbox.refuses(['promote'], {
    exitCode: 3,
    code: 'REFUSED',
    says: [`${own}/prepared/g2-promoted.sops.yaml is missing`, 'git log'],
  })
})

test('reroot.yaml: every problem at once, each with its line', async () => {
  const sandbox = await sandboxIn('initialised')
  const text = sandbox.forge.file('mesh-ca/reroot.yaml')
  const line = (start: string): number => text.split('\n').findIndex((one) => one.startsWith(start)) + 1
  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    ['  backdateMinutes: 60', '  backdateHours: 1'],
    ['  maxWorkloadsPerWave: 50', '  maxWorkloadsPerWave: many'],
  ])

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'CONFIG_INVALID',
    says: [
      '2 problems',
      `mesh-ca/reroot.yaml:${line('  backdateMinutes')}: pki.backdateHours is not a known key`,
      `mesh-ca/reroot.yaml:${line('  maxWorkloadsPerWave')}`,
    ],
  })
})

test('reroot.yaml: broken YAML, and values that contradict each other', async () => {
  const sandbox = await sandboxIn('initialised')
  const invalid = { as: sandbox.operator, exitCode: 2, code: 'CONFIG_INVALID' } as const

  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    ['  intermediate: { days: 1825 }', '  intermediate: { days: 5000 }'],
    ['  tiers: []', '  tiers: [{ name: gateways, namespaces: [ledger] }]'],
  ])
  await sandbox.refuses(['stage'], {
    ...invalid,
    says: ['an intermediate would outlive its root', 'the name is one of reroot’s own waves'],
  })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['version: 1', 'version: [1']])
  await sandbox.refuses(['stage'], { ...invalid, says: [/mesh-ca\/reroot\.yaml:\d+/, 'yaml/syntax'] })
})

test.each([
  [
    'a paused Deployment',
    {
      'apps/ledger/paused.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: paused, namespace: ledger}\nspec: {paused: true, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}\n',
    },
    ['restart/paused', 'Deployment/ledger/paused'],
  ],
  ['broken YAML in an applied folder', { 'apps/ledger/broken.yaml': 'kind: [\n' }, ['yaml/syntax', /apps\/ledger\/broken\.yaml:\d/]],
] as const)('a finding that stands against the step, and cannot be accepted: %s', async (_, edits, says) => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.push(edits)

  await sandbox.refuses(['stage'], { as: sandbox.operator, exitCode: 3, code: 'REFUSED', says: ['stage is blocked by', ...says] })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [[/$/, `accept:\n  - { finding: ${says[0]}, reason: OPS-7 }\n`]])
  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'CONFIG_INVALID',
    says: ['this finding cannot be accepted', says[0]],
  })
})

test.each([
  [
    'a HelmRelease in a meshed namespace',
    {
      'apps/ledger/vault.yaml':
        'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: vault, namespace: ledger}\nspec: {chart: {spec: {chart: vault, sourceRef: {kind: HelmRepository, name: hashicorp}}}}\n',
    },
    ['restart/unseen', 'apps/ledger/vault.yaml:1', 'ledger'],
  ],
  [
    'a Deployment named y',
    {
      'apps/ledger/y.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: y\n  namespace: ledger\nspec: {template: {spec: {containers: [{name: app}]}}}\n',
    },
    ['workloads/not-a-string', 'apps/ledger/y.yaml:4', 'found: the boolean true', 'put the value in quotes'],
  ],
  [
    'a base that is not in the repository',
    {
      'apps/payments/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: payments\nresources:\n  - statefulset.yaml\n  - github.com/shop/payments//deploy?ref=v1\n',
    },
    ['workloads/remote-resource', 'apps/payments/kustomization.yaml:6'],
  ],
] as const)('a finding that stands against the step: %s; accepted for its own file, it becomes a note', async (_, edits, says) => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.push(edits)
  const [file] = Object.keys(edits)
  const id = says.map(String).find((text) => /^[a-z]+\/[a-z-]+$/.test(text)) ?? ''

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['stage is blocked by', ...says, 'accept:'],
  })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [[/$/, `accept:\n  - { finding: ${id}, file: apps/other.yaml, reason: OPS-8 }\n`]])
  await sandbox.refuses(['stage'], { as: sandbox.operator, exitCode: 3, code: 'REFUSED', says })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['apps/other.yaml, reason: OPS-8', `${file}, reason: OPS-7`]])
  const { stdout, stderr } = await sandbox.does(['stage'], { as: sandbox.operator })

  expect(stderr).toMatch(/warning: .*\(accepted: OPS-7\)/)
  expect(stdout).toContain('(accepted: OPS-7)')
})

test('a hook of the user that fails: before the commit, before the push, at the remote', async () => {
  const sandbox = await sandboxIn('staged')
  const failed = { exitCode: 4, code: 'GIT_FAILED' } as const

  sandbox.hook('pre-push', 'echo "push only in the afternoon" >&2; exit 1')
  await sandbox.refuses(['promote'], { ...failed, says: ['push only in the afternoon'] })
  sandbox.hook('pre-commit', 'echo "commit only in the morning" >&2; exit 1')
  await sandbox.refuses(['promote'], { ...failed, says: ['commit only in the morning'] })
})

test('a remote that is gone, and a branch that it does not have', async () => {
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

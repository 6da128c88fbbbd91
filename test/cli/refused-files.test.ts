import { expect, test } from 'vitest'
import { sandboxIn } from '../support/states.ts'

const own = 'mesh-ca/clusters/prod'

test('no reroot.yaml: init is not merged', async () => {
  const sandbox = await sandboxIn('fresh')

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'CONFIG_INVALID',
    says: ['there is no mesh-ca/reroot.yaml', 'reroot init'],
  })
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

test('a repository in which Flux no longer picks up reroot', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.push({ 'clusters/prod/mesh-ca.yaml': null })

  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says: ['restart/unregistered', 'clusters/prod/mesh-ca.yaml'] })
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

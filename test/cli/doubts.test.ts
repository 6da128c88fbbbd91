import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hoursAgo } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const kafka = `apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: { name: events, namespace: shop }
spec: { kafka: { replicas: 3 } }
`

test('pods that an operator makes: a warning in stage, then the next step wants a word, until somebody accepts the finding', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.push({ 'infrastructure/namespaces/kafka.yaml': kafka })

  await sandbox.refuses(['promote'], {
    exitCode: 3,
    code: 'REFUSED',
    says: ['Kafka shop/events (workloads/operator), which no step restarts'],
  })
  const { stderr } = await sandbox.does(['promote', '--confirmed', 'Kafka was rolled', '--dry-run'])
  expect(stderr).toMatch(/warning: .*an operator makes pods of it, and alone replaces them/)
  sandbox.forge.edit('mesh-ca/reroot.yaml', [[/$/, `accept:\n  - { finding: workloads/operator, reason: OPS-7 }\n`]])

  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted')
})

test('an istiod that only a label shows: naming it does not vouch for a step that was planned before', async () => {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    ['backdateMinutes: 60', 'backdateMinutes: 1440'],
    ['workloadCertificateHours: 24', 'workloadCertificateHours: 20'],
  ])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator, environment: hoursAgo(24) })
  sandbox.forge.push({
    'infrastructure/namespaces/canary.yaml':
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: canary, labels: { istio.io/rev: 1-31 } }\n',
  })
  const says = ['istiod of revision 1-31 (workloads/istiod-unseen), which no step restarts']

  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['istiod: []', 'istiod: [istiod-1-31]']])
  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says })
  // It goes on with the old roots, however long one waits.
  const passed = new Date(Date.now() - 22 * 3_600_000).toISOString()
  await sandbox.refuses(['promote', '--gate-passed', `prod=${passed}`], {
    exitCode: 3,
    code: 'REFUSED',
    says: [`${says[0]} and no time renews`],
  })
  const { stdout } = await sandbox.does(['promote', '--confirmed', 'the canary was restarted', '--dry-run'])

  expect(stdout).toContain('`Deployment/istio-system/istiod-1-31`')
  expect(stdout).not.toContain('workloads/istiod-unseen')
})

test('an acceptance of one object says its reason in every pull request, and leaves the next one a doubt, which is to be restarted by hand', async () => {
  const sandbox = await sandboxIn('initialised')
  const connect = kafka.replace('kind: Kafka', 'kind: KafkaConnect').replace('name: events', 'name: sink')
  sandbox.forge.push({ 'infrastructure/namespaces/kafka.yaml': `${kafka}---\n${connect}` })
  const entry = '  - { finding: workloads/operator, object: KafkaConnect shop/sink, reason: "OPS-7: no sidecar" }\n'
  sandbox.forge.edit('mesh-ca/reroot.yaml', [[/$/, `accept:\n${entry}  - { finding: workloads/opaque, reason: gone }\n`]])

  const { stdout, stderr } = await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  expect(stdout).toContain('**Restart by hand: `Kafka shop/events`.**')
  expect(stdout).toMatch(/KafkaConnect shop\/sink: .*\(accepted: OPS-7: no sidecar\)/)
  expect(stderr).toContain('workloads/opaque is not a finding of this repository')
  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says: ['Kafka shop/events (workloads/operator)'] })
  expect((await sandbox.run(['promote'])).stderr).not.toContain('KafkaConnect shop/sink (workloads/operator)')
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['workloads/opaque', 'workloads/opaqu']])
  await sandbox.refuses(['promote'], { exitCode: 2, code: 'CONFIG_INVALID', says: ['there is no such finding', 'workloads/opaqu'] })
})

test.each([
  ['initialised', 'stage', 'mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml'],
  ['argocd', 'stage', 'mesh-ca/clusters/prod-eu/cacerts/cacerts.sops.yaml'],
  ['inPlace', 'stage', 'infrastructure/istio/cacerts.sops.yaml'],
  ['initialised', 'replace', 'mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml'],
] as const)('in %s, %s with a mistyped istio.namespace is refused at its line', async (state, step, live) => {
  const sandbox = await sandboxIn(state)
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['namespace: istio-system', 'namespace: istio-sytem']])
  const line =
    sandbox.forge
      .file('mesh-ca/reroot.yaml')
      .split('\n')
      .findIndex((text) => text.includes('istio-sytem')) + 1

  await sandbox.refuses([step], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: [
      `mesh-ca/reroot.yaml:${line}`,
      /\[mesh\/namespace\]/,
      `the live Secret (${live}) is in istio-system`,
      'expected: istio-system',
      'found: istio-sytem',
    ],
  })
  const { stdout } = await sandbox.does(['status'])

  expect(stdout).toContain('istio.namespace is not where the control plane is')
})

test('init with a mistyped --istio-namespace says what stage would refuse', async () => {
  const sandbox = await sandboxIn('fresh')

  const { stderr } = await sandbox.does(sandbox.initArguments('--istio-namespace', 'istio-sytem', '--dry-run'), { as: sandbox.operator })

  expect(stderr).toMatch(/istiod is in istio-system, and none is in istio-sytem \[mesh\/namespace\]/)
})

test.each([
  ['promoted', 'retire', 'clusters/prod/mesh-ca.yaml', 'clusters/prod/meshca.yaml', 'Flux', 'Kustomization flux-system/mesh-ca'],
  ['argocd', 'stage', 'argocd/apps/mesh-ca-prod-eu.yaml', 'argocd/apps/meshca.yaml', 'Argo CD', 'Application argocd/mesh-ca-prod-eu'],
] as const)(
  'in %s, %s with another register would define an object twice, until its file is moved',
  async (state, step, old, register, ...whose) => {
    const sandbox = await sandboxIn(state)
    const config = sandbox.forge.file('mesh-ca/reroot.yaml').replace(`register: ${old}`, `register: ${register}`)
    writeFileSync(join(sandbox.folder, 'other.yaml'), config)
    const line = config.split('\n').findIndex((text) => text.includes(register)) + 1

    await sandbox.refuses([step, '--dry-run', '--config', '../other.yaml'], {
      as: sandbox.operator,
      exitCode: 3,
      code: 'REFUSED',
      says: [
        `mesh-ca/reroot.yaml:${line}`,
        /\[restart\/registered-elsewhere\]/,
        `${whose[0]} picks up reroot’s ${whose[1]} from another file`,
        `expected: ${old}`,
        `found: ${register}`,
        `git mv ${old} ${register}`,
      ],
    })
    sandbox.forge.push({ 'mesh-ca/reroot.yaml': config, [register]: sandbox.forge.file(old), [old]: null })
    const { stderr } = await sandbox.does([step, '--dry-run'], { as: sandbox.operator })

    expect(stderr).not.toContain('registered-elsewhere')
  },
)

import { expect, test } from 'vitest'
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

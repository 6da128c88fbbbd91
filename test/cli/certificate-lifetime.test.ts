import { expect, test } from 'vitest'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const istiod = 'infrastructure/istio/istiod.yaml'
const longer = (sandbox: Sandbox): void =>
  sandbox.forge.edit(istiod, [
    [
      '        holdApplicationUntilProxyStarts: true\n',
      '        holdApplicationUntilProxyStarts: true\n        proxyMetadata: { SECRET_TTL: 720h }\n',
    ],
  ])
const found = 'meshConfig.defaultConfig.proxyMetadata.SECRET_TTL: 720h'

test('init writes how long workload certificates live, and where Git says so', async () => {
  const sandbox = await sandboxIn('fresh')
  longer(sandbox)

  await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator })
  const { stderr } = await sandbox.does(['stage', '--dry-run'], { as: sandbox.operator })

  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toContain(
    `  workloadCertificateHours: 720 # the longest that a workload certificate lives: ${found}, ${istiod}:29\n`,
  )
  expect(stderr).not.toContain('certificate-lifetime')
})

test('a step that waits is refused while reroot.yaml says less than Git, but not replace', async () => {
  const sandbox = await sandboxIn('initialised')
  longer(sandbox)
  const refusal = {
    exitCode: 3,
    code: 'REFUSED',
    says: [
      `prod ${istiod}:29 HelmRelease istio-system/istiod: workload certificates live longer than mesh-ca/reroot.yaml says`,
      'expected: at most 24 hours (pki.workloadCertificateHours)',
      `found: ${found}`,
      'write `workloadCertificateHours: 720` in mesh-ca/reroot.yaml, below pki',
    ],
  } as const

  await sandbox.refuses(['stage'], { ...refusal, as: sandbox.operator })
  const { stderr } = await sandbox.does(['replace', '--dry-run'], { as: sandbox.operator })
  expect(stderr).toMatch(/^warning: .*\[mesh\/certificate-lifetime\]/m)
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['workloadCertificateHours: 24', 'workloadCertificateHours: 720']])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['workloadCertificateHours: 720', 'workloadCertificateHours: 719']])
  await sandbox.refuses(['promote'], { ...refusal, says: ['expected: at most 719 hours'] })
})

test('a way back that waits for no certificate only warns; giving up the next root once it has signed is refused', async () => {
  const sandbox = await sandboxIn('promoted')
  longer(sandbox)

  const { stderr } = await sandbox.takes(['rollback'], 'mesh-ca/g2-demoted')
  expect(stderr).toMatch(/^warning: .*\[mesh\/certificate-lifetime\]/m)
  await sandbox.refuses(['rollback', '--confirmed', 'seen by me'], {
    exitCode: 3,
    code: 'REFUSED',
    says: ['expected: at most 24 hours (pki.workloadCertificateHours)'],
  })
})

test('status names it where it stands against a step', async () => {
  const sandbox = await sandboxIn('staged')
  longer(sandbox)

  const { stdout } = await sandbox.does(['status', '--output', 'json'])

  const { next } = JSON.parse(stdout) as { next: readonly { step: string; findings: readonly { id: string }[] }[] }
  expect(next.map(({ step, findings }) => [step, findings.map(({ id }) => id)])).toEqual([
    ['promote', ['mesh/certificate-lifetime']],
    ['abandon', []],
  ])
})

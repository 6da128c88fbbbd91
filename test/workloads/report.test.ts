import { expect, test } from 'vitest'
import { makeReport } from '../../src/workloads/report.ts'

test('what is as long as a file is shortened, and shows no password for that', () => {
  const report = makeReport()
  const address = `https://me:secret-${'x'.repeat(2000)}@git.example/`

  report.add({
    id: 'workloads/kustomization',
    severity: 'error',
    message: `not this: ${'y'.repeat(2000)}`,
    found: `${'z'.repeat(980)} ${address}`,
    place: { file: 'a.yaml', line: 1 },
    remedy: 'mend it',
  })

  expect(report.all()).toMatchObject([{ message: `not this: ${'y'.repeat(987)}...`, found: `${'z'.repeat(980)} https://git.exam...` }])
})

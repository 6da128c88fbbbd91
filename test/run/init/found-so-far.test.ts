import { expect, test } from 'vitest'
import { RerootError } from '../../../src/base/index.ts'
import type { Finding } from '../../../src/base/index.ts'
import { sayingClusters } from '../../../src/run/init/found-so-far.ts'

const destination = (index: number, severity: Finding['severity']): Finding => ({
  id: 'argocd/destination',
  severity,
  place: { file: 'apps.yaml', line: index },
  message: 'm',
  remedy: 'r',
})

test('of very many destinations that cannot be followed, the first are said and the rest is counted, as in the report', async () => {
  const said: string[] = []
  const terminal = { interactive: false, say: (line: string) => void said.push(line), ask: () => Promise.reject(new Error('asked')) }
  const refusal = new RerootError('REFUSED', 'refused', { hint: 'h' })
  const findings = Array.from({ length: 400 }, (_, index) => destination(index, index % 4 === 0 ? 'info' : 'warning'))

  const work = sayingClusters(terminal, { clusters: [], leftOut: [], findings }, () => Promise.reject(refusal))

  await expect(work).rejects.toBe(refusal)
  expect(said).toHaveLength(51)
  expect(said[0]).toBe('warning: apps.yaml:1: m [argocd/destination]\n  remedy: r')
  expect(said[50]).toBe('warning: and 250 more of argocd/destination')
})

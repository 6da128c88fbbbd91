import { expect, test } from 'vitest'
import { wrongNamespace } from '../../src/plan/index.ts'
import type { CacertsSite, Workload } from '../../src/workloads/index.ts'
import { discoveryOf, makeConfig, workloadOf } from '../support/mesh.ts'

const cluster = makeConfig().clusters[0] ?? expect.fail()
const sealed = (namespace: string | null): CacertsSite => ({
  ...{
    site: { file: cluster.cacerts.file, document: 0, line: 1 },
    namespace,
    controller: 'flux-system/mesh-ca',
    form: 'sops',
    kind: 'Secret',
  },
  ...{ documents: 1, syncWave: 0, ksops: null, pruned: null },
})
const istiodIn = (namespace: string): Workload => workloadOf(`Deployment/${namespace}/istiod`, { role: 'control-plane' })

const found = (namespace: string, cacerts: readonly CacertsSite[], workloads: readonly Workload[], clear: string | null = null): unknown =>
  wrongNamespace({ ...cluster, istio: { ...cluster.istio, namespace } }, discoveryOf({ cacerts, workloads }), clear, () => ({
    file: 'mesh-ca/reroot.yaml',
    line: 12,
  }))

test.each([
  [
    'the live Secret',
    [sealed('istio-system')],
    [istiodIn('istio-system')],
    'the live Secret (mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml) is in istio-system',
  ],
  [
    'the live Secret alone',
    [sealed('istio-system')],
    [istiodIn('istio-sytem')],
    'the live Secret (mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml) is in istio-system',
  ],
  [
    'istiod, where the Secret says nothing',
    [sealed(null)],
    [istiodIn('istio-system')],
    'istiod is in istio-system, and none is in istio-sytem',
  ],
  [
    'istiod, where the Secret was mistyped too',
    [sealed('istio-sytem')],
    [istiodIn('istio-system')],
    'istiod is in istio-system, and none is in istio-sytem',
  ],
])('a mistyped namespace is told from %s', (_, cacerts, workloads, why) => {
  expect(found('istio-sytem', cacerts, workloads)).toEqual([
    {
      id: 'mesh/namespace',
      severity: 'error',
      place: { cluster: 'prod', file: 'mesh-ca/reroot.yaml', line: 12, object: 'istio.namespace' },
      message: `istio.namespace is not where the control plane is: ${why}`,
      expected: 'istio-system',
      found: 'istio-sytem',
      remedy: 'correct clusters[].istio.namespace in mesh-ca/reroot.yaml',
    },
  ])
})

test('what the Secret names in the clear counts where discovery did not see it, and less than what a kustomization sets', () => {
  expect(found('istio-sytem', [], [], 'istio-system')).toMatchObject([{ expected: 'istio-system', found: 'istio-sytem' }])
  expect(found('istio-system', [sealed('istio-system')], [], 'default')).toEqual([])
})

test.each([
  ['all agree', [sealed('istio-system')], [istiodIn('istio-system')]],
  ['another mesh has its istiod beside it', [sealed('istio-system')], [istiodIn('istio-system'), istiodIn('other')]],
  ['Git shows neither', [], []],
])('no finding where %s', (_, cacerts, workloads) => {
  expect(found('istio-system', cacerts, workloads)).toEqual([])
})

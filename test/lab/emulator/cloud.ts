import { CoreV1Api } from '@kubernetes/client-node'
import type { V1PersistentVolumeClaim, V1Service } from '@kubernetes/client-node'
import type { Cluster } from '../cluster.ts'
import { strategicMerge } from './kubelet.ts'
import { watch } from './watch.ts'

/** What a cloud gives a cluster: a volume for every claim, an address for every load balancer. */
export async function startCloud(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const core = cluster.config.makeApiClient(CoreV1Api)
  await watch<V1PersistentVolumeClaim>(
    cluster.config,
    '/api/v1/persistentvolumeclaims',
    async () => core.listPersistentVolumeClaimForAllNamespaces(),
    signal,
    (claim, event) => {
      if (event !== 'delete' && claim.status?.phase === 'Pending' && claim.spec?.volumeName === undefined) void provision(core, claim)
    },
  )
  await watch<V1Service>(
    cluster.config,
    '/api/v1/services',
    async () => core.listServiceForAllNamespaces(),
    signal,
    (service, event) => {
      if (event !== 'delete' && service.spec?.type === 'LoadBalancer' && service.status?.loadBalancer?.ingress === undefined)
        void address(core, service)
    },
  )
}

/** A volume for a claim, as a provisioner would make it: the claim finds it by its reference. */
async function provision(core: CoreV1Api, claim: V1PersistentVolumeClaim): Promise<void> {
  const { name = '', namespace = '', uid = '' } = claim.metadata ?? {}
  const { accessModes, storageClassName, resources } = claim.spec ?? {}
  const capacity = resources?.requests ?? { storage: '1Gi' }
  await core
    .createPersistentVolume({
      body: {
        metadata: { name: `pv-${uid}` },
        spec: {
          capacity,
          ...(accessModes === undefined ? {} : { accessModes }),
          ...(storageClassName === undefined ? {} : { storageClassName }),
          claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
          hostPath: { path: '/nonexistent' },
        },
      },
    })
    .catch(() => undefined)
}

async function address(core: CoreV1Api, { metadata }: V1Service): Promise<void> {
  const body = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } }
  await core
    .patchNamespacedServiceStatus({ name: metadata?.name ?? '', namespace: metadata?.namespace ?? '', body }, strategicMerge)
    .catch(() => undefined)
}

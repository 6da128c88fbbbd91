import type { ClusterProps } from '../../charts/index.ts'
import type { WorkloadId, WorkloadKind } from '../../src/base/index.ts'
import type { Delivery, EntryWave, RestartEntry, RestartList } from '../../src/rotation/index.ts'

export const rootA = '-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n'
export const rootB = '-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n'

export function workload(text: string): WorkloadId {
  const [kind, namespace, name] = text.split('/') as [WorkloadKind, string, string]
  return { kind, namespace, name }
}

export function restart(text: string, delivery: Delivery = 'job', selector?: Readonly<Record<string, string>>): RestartEntry {
  const entry = {
    workload: workload(text),
    delivery,
    drain: delivery === 'none' ? 'expire' : 'restart',
    file: null,
    at: null,
    why: 'a test',
  } as const
  return selector === undefined ? entry : { ...entry, selector }
}

/** @param restarts such as `job Deployment/shop/cart` */
export function entryWave(name: string, restarts: readonly string[], namespaces: readonly string[] = []): EntryWave {
  return {
    name,
    restarts: restarts.map((text) => {
      const [delivery, id] = text.split(' ') as ['job' | 'owner', string]
      return { workload: workload(id), delivery }
    }),
    namespaces,
  }
}

/** `promote` in a mesh of three namespaces, with restarts by Jobs, by owners and by nobody, and one namespace that Git does not show. */
export const promote: RestartList = {
  id: 'g2-promoted',
  entry: {
    state: 'g2-staged',
    id: 'g2-staged',
    waves: [
      entryWave('control-plane', ['job Deployment/istio-system/istiod']),
      entryWave('default', ['job Deployment/shop/cart', 'owner StatefulSet/shop/orders', 'job DaemonSet/shop/agent'], ['legacy']),
      entryWave('payments', ['owner StatefulSet/payments/ledger']),
    ],
  },
  namespaces: ['istio-system', 'legacy', 'shop'],
  waves: [
    { name: 'control-plane', restarts: [restart('Deployment/istio-system/istiod')], namespaces: [] },
    {
      name: 'default',
      restarts: [
        restart('Deployment/shop/cart'),
        restart('StatefulSet/shop/orders', 'owner'),
        restart('DaemonSet/shop/agent'),
        restart('Deployment/legacy/billing', 'none'),
      ],
      namespaces: ['legacy'],
    },
    { name: 'payments', restarts: [restart('Deployment/payments/ledger', 'none')], namespaces: [] },
    { name: 'edge', restarts: [restart('Deployment/edge/proxy', 'owner')], namespaces: [] },
  ],
}

export function clusterProps(changed: Partial<ClusterProps> = {}): ClusterProps {
  return {
    cluster: 'prod',
    directory: 'mesh-ca/clusters/prod',
    istioNamespace: 'istio-system',
    controller: {
      type: 'flux',
      namespace: 'flux-system',
      source: { kind: 'GitRepository', name: 'flux-system' },
      ageKeySecret: 'sops-age',
      serviceAccountName: null,
    },
    gates: {
      image: 'registry.k8s.io/kubectl:v1.34.3',
      shellImage: 'registry.example/kubectl-sh:1.34.3',
      timeoutMinutes: 5,
      deadlineMinutes: 60,
      pod: { imagePullSecrets: [], nodeSelector: {}, tolerations: [], runAsUser: 65_532 },
    },
    cacerts: { file: 'mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml', managed: 'own' },
    state: 'g2-promoted',
    roots: { before: rootA + rootB, after: rootA + rootB },
    breaksMutualTls: false,
    step: promote,
    ...changed,
  }
}

const steady = { state: 'g1-steady', roots: { before: null, after: null }, step: null }
const inPlace = { file: 'infra/istio/cacerts.sops.yaml', managed: 'in-place' as const }

/** What the golden files show, and what kustomize has to accept. */
export const scenarios: Readonly<Record<string, ClusterProps>> = {
  steady: clusterProps(steady),
  'steady-in-place': clusterProps({ ...steady, cacerts: inPlace }),
  promote: clusterProps(),
  'promote-in-place': clusterProps({ cacerts: inPlace }),
  // No barrier, no roots to look at, one namespace, nothing but the control plane.
  replace: clusterProps({
    state: 'g2-steady',
    roots: { before: null, after: rootB },
    step: { id: 'g2-replaced', entry: null, namespaces: ['istio-system'], waves: promote.waves.slice(0, 1) },
  }),
}

/** The same cluster, applied by Argo CD. */
export const argocd = {
  type: 'argocd',
  namespace: 'argocd',
  application: 'mesh-ca-prod',
  project: 'platform',
  repoURL: 'https://git.example/platform.git',
  branch: 'main',
  destination: { name: 'prod' },
} as const

const gateway = restart('Deployment/edge/gateway', 'merge', { app: 'gateway' })

/** `promote` with a gateway that helm made, which the controller merges into. */
export const promoteMerged: RestartList = {
  ...promote,
  waves: [...promote.waves.slice(0, 1), { name: 'gateways', restarts: [gateway], namespaces: [] }, ...promote.waves.slice(1)],
}

export const argocdScenarios: Readonly<Record<string, ClusterProps>> = {
  'argocd-steady': clusterProps({ ...steady, controller: argocd }),
  'argocd-steady-in-place': clusterProps({ ...steady, controller: argocd, cacerts: inPlace }),
  'argocd-promote': clusterProps({ controller: argocd, step: promoteMerged }),
  'argocd-promote-in-place': clusterProps({ controller: argocd, cacerts: inPlace }),
}

import type { DiscoveredCluster, Discovery } from '../../src/workloads/index.ts'
import { discoverTwice, filesOf } from './tree.ts'
import type { Tree } from './tree.ts'

export const ownURL = 'https://git.example/platform.git'
export const prodServer = 'https://prod.example'
export const istioCharts = 'https://istio-release.storage.googleapis.com/charts'

export interface ApplicationOptions {
  readonly path?: string
  readonly source?: object
  readonly sources?: readonly object[]
  readonly destination?: object
  readonly metadata?: object
  readonly spec?: object
}

/** An Application for cluster `prod` that syncs by itself. */
export function application(name: string, options: ApplicationOptions = {}): object {
  const source = { repoURL: ownURL, ...(options.path === undefined ? {} : { path: options.path }), ...options.source }
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', ...options.metadata },
    spec: {
      project: 'default',
      destination: options.destination ?? { name: 'prod' },
      ...(options.sources === undefined ? { source } : { sources: options.sources }),
      syncPolicy: { automated: {} },
      ...options.spec,
    },
  }
}

/** An Application of one of Istio's charts. */
export function chart(name: string, chartName: string, helm: object = {}, namespaceName = 'istio-system'): object {
  return application(name, {
    source: { repoURL: istioCharts, chart: chartName, targetRevision: '1.30.3', helm },
    destination: { name: 'prod', namespace: namespaceName },
  })
}

export function applicationSet(name: string, generators: readonly object[], template: object, spec: object = {}): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ApplicationSet',
    metadata: { name, namespace: 'argocd' },
    spec: { generators, template, ...spec },
  }
}

export function clusterSecret(name: string, server: string, labels: Readonly<Record<string, string>> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `cluster-${name}`, namespace: 'argocd', labels: { 'argocd.argoproj.io/secret-type': 'cluster', ...labels } },
    stringData: { name, server },
  }
}

/** Where tests put Argo CD's objects. */
export const app = 'argocd/app.yaml'

/** Discovery of cluster `prod`, whose Argo CD reads what is below `argocd`. */
export function discoverArgocd(tree: Tree, controller: object = {}, options: Partial<DiscoveredCluster> = {}): Discovery {
  return discoverTwice(filesOf(tree), {
    name: 'prod',
    paths: ['argocd'],
    controller: {
      type: 'argocd',
      namespace: 'argocd',
      repoURL: 'git@git.example:platform',
      branch: 'main',
      destination: { name: 'prod', server: prodServer },
      labels: {},
      ...controller,
    },
    istio: { namespace: 'istio-system', revisions: null },
    namespaces: new Map(),
    ignore: 'mesh-ca/',
    ...options,
  })
}

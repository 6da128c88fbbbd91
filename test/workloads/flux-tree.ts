import type { Files } from '../../src/workloads/source-tree.ts'
import type { DiscoveredCluster } from '../../src/workloads/index.ts'
import type { Discovery } from '../../src/workloads/types.ts'
import { discoverTwice, filesOf } from './tree.ts'
import type { Tree } from './tree.ts'

/** Objects as the documents of one file. */
export const yaml = (...objects: readonly object[]): string => objects.map((object) => `${JSON.stringify(object, null, 1)}\n`).join('---\n')

export const namespace = (name: string, labels: Readonly<Record<string, string>> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
})

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: object
  readonly kind?: string
  readonly apiVersion?: string
  readonly pod?: object
}

export function workload(namespaceName: string | null, name: string, options: PodOptions = {}): object {
  return {
    apiVersion: options.apiVersion ?? 'apps/v1',
    kind: options.kind ?? 'Deployment',
    metadata: { name, ...(namespaceName === null ? {} : { namespace: namespaceName }) },
    spec: {
      ...options.spec,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...options.labels }, annotations: options.annotations ?? {} },
        spec: { containers: [{ name: 'main', image: 'app:1' }], ...options.pod },
      },
    },
  }
}

export function flux(name: string, path: string, spec: object = {}): object {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system' },
    spec: { interval: '10m', prune: true, path, sourceRef: { kind: 'GitRepository', name: 'flux-system' }, ...spec },
  }
}

export function helmRelease(name: string, namespaceName: string, chart: string, spec: object = {}): object {
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name, namespace: namespaceName },
    spec: {
      interval: '1h',
      chart: { spec: { chart, version: '1.30.3', sourceRef: { kind: 'HelmRepository', name: 'istio', namespace: 'flux-system' } } },
      ...spec,
    },
  }
}

const source = {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name: 'flux-system', namespace: 'flux-system' },
  spec: { url: 'https://git.example/platform.git', ref: { branch: 'main' } },
}

/** What `flux bootstrap` leaves in `clusters/prod`. */
export const bootstrap: Tree = {
  'clusters/prod/flux-system/gotk-sync.yaml': yaml(source, flux('flux-system', './clusters/prod')),
  'clusters/prod/flux-system/kustomization.yaml': yaml({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['gotk-sync.yaml'],
  }),
}

/** Discovery of cluster `prod` in a tree that starts with `bootstrap`. */
export function discoverProd(
  tree: Tree,
  options: Partial<DiscoveredCluster> = {},
  links: ReturnType<NonNullable<Files['links']>> = [],
): Discovery {
  return discoverTwice(
    { ...filesOf({ ...bootstrap, ...tree }), links: () => links },
    {
      name: 'prod',
      paths: ['clusters/prod'],
      controller: { type: 'flux', source: { kind: 'GitRepository', name: 'flux-system' } },
      istio: { namespace: 'istio-system', revisions: null },
      namespaces: new Map(),
      ignore: 'mesh-ca/',
      ...options,
    },
  )
}

/** Findings as `severity id file:line`. */
export const idsOf = (discovery: Discovery): readonly string[] =>
  discovery.findings.map(({ severity, id, place }) => `${severity} ${id} ${place.file ?? '-'}:${place.line ?? '-'}`)

/** Workloads as `role Kind/namespace/name`. */
export const workloadsOf = (discovery: Discovery): readonly string[] =>
  discovery.workloads.map(({ role, id }) => `${role} ${id.kind}/${id.namespace}/${id.name}`)

import { ApiObject } from 'cdk8s'
import { renderManifest } from './manifest.ts'
import { commonLabels } from './names.ts'
import type { ClusterProps, FluxProps } from './props.ts'

/** A link of the chain. Its name does not change from step to step, so nothing is pruned and made again. */
export interface Link {
  readonly name: string
  /** Relative to the cluster's directory. */
  readonly folder: string
  /** Holds the sealed Secret: unsealed here, never pruned. */
  readonly sealed: boolean
}

type Cluster = Pick<ClusterProps, 'cluster' | 'directory'> & { readonly controller: FluxProps }

/**
 * The chain: each link waits for its objects, and starts when the link before is done with the same commit, which Flux makes sure of
 * only for Kustomizations of one source (facts: gitops.md §4.1).
 */
export function renderChain(props: Cluster & Pick<ClusterProps, 'gates'>, links: readonly Link[]): string {
  return renderManifest(`The order of the mesh CA's steps in cluster ${props.cluster}: each link waits for the one before.`, (chart) => {
    links.forEach((link, index) => {
      const before = links[index - 1]
      new ApiObject(chart, link.name, {
        ...kustomization(props, link.name),
        spec: {
          ...spec(props, `./${props.directory}/${link.folder}`),
          wait: true,
          timeout: `${props.gates.timeoutMinutes}m`,
          prune: !link.sealed,
          ...(before === undefined ? {} : { dependsOn: [{ name: before.name }] }),
          ...(link.sealed ? { decryption: decryption(props.controller) } : {}),
        },
      })
    })
  })
}

/** The one reference by which the cluster's Flux picks up reroot's directory: a Flux Kustomization `mesh-ca`. It is ready when the chain is applied. */
export function renderPickUp(props: Cluster): string {
  return renderManifest(`Picks up the mesh CA of cluster ${props.cluster}: the chain in ${props.directory}/flux.yaml.`, (chart) => {
    new ApiObject(chart, 'mesh-ca', {
      ...kustomization(props, 'mesh-ca'),
      // The links keep the order, and nothing depends on this one. Waiting for them would hold one of kustomize-controller's few workers (four
      // by default) for as long as a step runs, keep newer commits from it, e.g. a revert, and raise an alert each time that it gives up.
      spec: { ...spec(props, `./${props.directory}`), wait: false, prune: true },
    })
  })
}

/** A Secret that is named and not there stops Flux before it asks any KMS. */
function decryption({ ageKeySecret }: FluxProps): object {
  return { provider: 'sops', ...(ageKeySecret === null ? {} : { secretRef: { name: ageKeySecret } }) }
}

function kustomization(props: Cluster, name: string): { apiVersion: string; kind: string; metadata: object } {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: props.controller.namespace, labels: commonLabels },
  }
}

function spec(props: Cluster, path: string): object {
  const { source, serviceAccountName } = props.controller
  return {
    interval: '10m',
    retryInterval: '1m',
    sourceRef: { kind: source.kind, name: source.name },
    path,
    ...(serviceAccountName === null ? {} : { serviceAccountName }),
  }
}

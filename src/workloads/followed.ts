import type { Finding, Place } from '../base/index.ts'
import type { FluxKustomization } from './flux-kustomization.ts'
import type { Report } from './report.ts'
import { nameOf } from './resource.ts'
import type { Resource } from './resource.ts'
import type { FluxKustomizationFacts } from './types.ts'
import { asText, valueAt } from './value.ts'
import type { WalkedCluster } from './walk.ts'

/** Whether a Kustomization builds from the source that the cluster's own Flux syncs: this repository. */
export function isOwnSource({ source }: FluxKustomizationFacts, cluster: WalkedCluster): boolean {
  return source.kind === cluster.source.kind && source.name === cluster.source.name
}

/** Whether what a Kustomization applies to this cluster is in this repository; else that is reported. */
export function isFollowed(flux: FluxKustomization, cluster: WalkedCluster, report: Report): boolean {
  const at = (field: string): Place => ({
    cluster: cluster.name,
    ...flux.place('spec', field),
    object: `Kustomization ${flux.controller.id}`,
  })
  if (valueAt(flux.spec, 'kubeConfig') !== undefined) {
    report.add(remoteCluster(at('kubeConfig')))
    return false
  }
  if (!isOwnSource(flux.controller, cluster)) {
    report.add(
      flux.controller.source.kind === 'ExternalArtifact'
        ? externalArtifact(at('sourceRef'), flux)
        : foreignSource(at('sourceRef'), flux, cluster),
    )
    return false
  }
  if (flux.controller.suspended) report.add(suspended(at('suspend')))
  return true
}

function remoteCluster(place: Place): Finding {
  return {
    id: 'flux/remote-cluster',
    severity: 'warning',
    place,
    message: 'it applies to another cluster, and is not followed',
    expected: 'a Kustomization of this cluster',
    found: 'spec.kubeConfig',
    remedy: 'list the other cluster in reroot.yaml with its own paths, if it is in the mesh',
  }
}

function foreignSource(place: Place, { controller, spec }: FluxKustomization, cluster: WalkedCluster): Finding {
  return {
    id: 'workloads/foreign-source',
    severity: 'error',
    place,
    message: 'what it applies is not in this repository, so its workloads are unknown',
    expected: `${cluster.source.kind} ${cluster.source.name}`,
    found: `${controller.source.kind} ${controller.source.name}`,
    remedy: `name the namespaces of its meshed workloads in reroot.yaml: restarts.namespaces: [${asText(spec['targetNamespace']) ?? 'name'}], and accept this finding with a reason`,
  }
}

/** Flux's source-watcher composes it of other sources (ArtifactGenerator), so that its folders need not be those of this repository. */
function externalArtifact(place: Place, { controller, spec }: FluxKustomization): Finding {
  return {
    id: 'workloads/foreign-source',
    severity: 'error',
    place,
    message: 'what it applies is put together by an ArtifactGenerator, which reroot does not read, so its workloads are unknown',
    expected: 'a source that is this repository, as it is',
    found: `ExternalArtifact ${controller.source.namespace}/${controller.source.name}`,
    remedy: `let the Kustomization read the repository itself; or name the namespaces of its meshed workloads in reroot.yaml: restarts.namespaces: [${asText(spec['targetNamespace']) ?? 'name'}], and accept this finding with a reason`,
  }
}

function suspended(place: Place): Finding {
  return {
    id: 'flux/suspended',
    severity: 'warning',
    place,
    message: 'it is suspended: what it holds is not applied until it is resumed',
    expected: 'spec.suspend: false',
    found: 'spec.suspend: true',
    remedy: 'resume it before the rotation, or let its workloads be restarted by a Job: restarts.rules with delivery: job',
  }
}

/** Git does not show who syncs a path of the cluster. */
export function assumption(cluster: WalkedCluster, path: string, { controller }: FluxKustomization): Finding {
  return {
    id: 'flux/no-kustomization',
    severity: 'info',
    place: { cluster: cluster.name, file: path },
    message: `Git does not show the Kustomization that syncs this path; it is taken to be ${controller.id}, without patches or variables`,
    expected: 'gotk-sync.yaml of `flux bootstrap` below the path',
    found: 'none',
    remedy: 'nothing, if flux-operator or another tool makes it so; else correct clusters[].paths in reroot.yaml',
  }
}

/** Two manifests define one Kustomization. */
export function twice(cluster: string, { controller }: FluxKustomization, first: FluxKustomizationFacts): Finding {
  return {
    id: 'flux/duplicate',
    severity: 'error',
    place: { cluster, file: controller.site.file, line: controller.site.line, object: `Kustomization ${controller.id}` },
    message: 'two manifests define one Kustomization',
    expected: 'one definition',
    found: `also in ${first.site.file}:${first.site.line}`,
    remedy: 'remove one of the two',
  }
}

/** The values of its variables are longer, with all others of the cluster, than anything that a cluster holds. */
export function tooLong({ object, manifest: { site } }: Resource): Finding {
  return {
    id: 'workloads/variable',
    severity: 'error',
    place: { file: site.file, line: site.line, object: `${String(object['kind'])} ${nameOf(object)}` },
    message: 'reroot fills in no more values of variables: all that it has filled in for this cluster is longer than what a cluster holds',
    expected: 'at most 64 MiB of values, counted wherever a variable stands',
    found: 'more than that',
    remedy: 'keep long texts out of variables of postBuild: Kubernetes takes no object of more than 3 MiB',
  }
}

/** What reroot writes must reach Flux: a source that lists what it takes does not know reroot's folder. */
export function hidden({ name, source, ignore }: WalkedCluster): Finding {
  return {
    id: 'flux/hidden',
    severity: 'error',
    place: { cluster: name, object: `${source.kind} ${source.name}` },
    message: `the source leaves out ${ignore}/, so Flux would not see what reroot writes`,
    expected: `a source that takes ${ignore}/clusters/${name}/flux.yaml`,
    found: 'a pattern of .sourceignore or of spec.ignore that hides it',
    remedy: `add the line !/${ignore}/ to .sourceignore (or spec.ignore), or choose another --directory`,
  }
}

import type { Finding } from '../../base/index.ts'
import type { Application } from './application.ts'
import type { Files } from '../source-tree.ts'
import type { Applied } from './resolve.ts'

/** Two manifests define one Application. */
export function duplicateApplication({ application }: Applied, first: Applied): Finding {
  const { site } = first.application.definition.manifest
  return {
    id: 'argocd/duplicate',
    severity: 'error',
    place: application.place(),
    message: 'two manifests define one Application; the first is followed',
    expected: 'one definition, applied by one Application',
    found: `also in ${site.file}:${site.line}`,
    remedy: 'remove one of the two, or narrow clusters[].paths to the folders that this cluster’s Argo CD applies',
  }
}

/** Nothing in Git says whether a destination is this cluster. */
export function untoldDestination(application: Application, count: number): Finding {
  const { name, server } = application.destination
  const others = count === 1 ? '' : `, and ${count - 1} more Applications`
  return {
    id: 'argocd/destination',
    severity: 'error',
    place: application.place('spec', 'destination'),
    message: `whether it applies to this cluster cannot be told; it is not followed${others}`,
    expected: 'name and server of the cluster in reroot.yaml, or its cluster Secret in Git (without credentials)',
    found: name === null ? `server ${server ?? ''}` : `name ${name}`,
    remedy: 'state both in reroot.yaml: clusters[].controller.destination: { name: …, server: … } (`argocd cluster list`)',
  }
}

/** A chart makes Applications, and no Application installs it. */
export function hiddenChart(file: string): Finding {
  return {
    id: 'workloads/template',
    severity: 'error',
    place: { file, line: 1 },
    message: 'a chart’s template makes Applications, and reroot renders no charts, so what these apply is unknown',
    expected: 'Applications as manifests, or an ApplicationSet',
    found: 'a template of Helm',
    remedy:
      'commit what `helm template` makes of it as manifests; or leave its folder out of clusters[].paths if it is not for this cluster',
  }
}

/** Argo CD makes no manifests from a repository that holds such a link, wherever it stands (util/app/path: CheckOutOfBoundsSymlinks). */
export function linkFindings(files: Files): readonly Finding[] {
  return (files.links?.() ?? [])
    .filter(({ leaves }) => leaves)
    .map(({ path, target }) => ({
      id: 'argocd/link',
      severity: 'error',
      place: { file: path },
      message:
        'a symbolic link leaves the repository: Argo CD makes no manifests from a repository that holds one, and reroot follows none',
      expected: 'a link to a file of this repository, by a relative path',
      found: target,
      remedy: 'put the file in its place; or accept this finding, if your repo-server allows such links and no manifest is behind one',
    }))
}

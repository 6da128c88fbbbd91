import type { Finding } from '../base/index.ts'
import type { ArgocdControllerConfig, ClusterConfig } from '../mesh/index.ts'
import { globMatcher } from '../workloads/index.ts'
import type { ArgocdApplicationFacts, ArgocdProject, Discovery, GroupKind } from '../workloads/index.ts'
import { applicationName, layoutOf } from './layout.ts'

/**
 * What in Argo CD's own objects would stop reroot's Application, or lead it past its gates, as far as Git shows them: its AppProject, the build options
 * without which kustomize does not run KSOPS, and the Application itself, which overlays may have changed. Empty under Flux.
 * @param file where the cluster's configuration is written, in reroot's folder; also for what has no other place.
 */
export function argocdLimits(cluster: ClusterConfig, discovery: Discovery, file: string): readonly Finding[] {
  const { controller } = cluster
  if (controller.type !== 'argocd' || discovery.argocd === null) return []
  const { projects, buildOptions } = discovery.argocd
  return [
    ...changedApplication(cluster, controller, discovery, file),
    ...projectLimits(cluster, controller, discovery, projects, file),
    ...(cluster.cacerts.managed === 'own' ? buildLimits(cluster.name, buildOptions, file) : []),
  ]
}

/** reroot's own Application as overlays and generators make it; charts/argocd.ts says why it is as it is. */
function changedApplication(
  cluster: ClusterConfig,
  controller: ArgocdControllerConfig,
  discovery: Discovery,
  file: string,
): readonly Finding[] {
  const id = `${controller.namespace}/${applicationName(cluster.name)}`
  const { directory } = layoutOf(file.replace(/\/[^/]*$/, '')).cluster(cluster.name)
  return discovery.controllers.flatMap((application): readonly Finding[] => {
    if (application.type !== 'argocd' || application.id !== id) return []
    const changes = changesOf(application, controller.project, directory)
    if (changes.length === 0) return []
    return [
      {
        id: 'argocd/changed',
        severity: 'error',
        place: { cluster: cluster.name, file: application.site.file, line: application.site.line, object: `Application ${id}` },
        message: 'reroot’s Application is not as reroot wrote it, so a step would stop, or go on past a gate that failed',
        expected: `the Application of ${controller.register}, unchanged`,
        found: changes.join('; '),
        remedy: `take the change back in ${application.site.file}; if a patch of a kustomization above it makes the change, leave reroot’s Application out of the patch’s target (labelSelector: "app.kubernetes.io/managed-by!=reroot"); in docs/rotation.md “Under Argo CD” says why`,
      },
    ]
  })
}

const leadsPastGates = ['ApplyOutOfSyncOnly=true', 'Replace=true', 'Force=true', 'Prune=false', 'Prune=confirm']

function changesOf(application: ArgocdApplicationFacts, project: string, directory: string): readonly string[] {
  const { automated, fixedRevision, paths, retryLimit, sourceSettings, syncOptions } = application
  const changes: readonly (readonly [boolean, string])[] = [
    [paths.length !== 1 || paths[0] !== directory, `path ${paths.join(', ') || 'in another repository'}`],
    [fixedRevision !== null, `targetRevision ${fixedRevision}`],
    [sourceSettings.length > 0, `spec.source with ${sourceSettings.join(', ')}`],
    [application.project !== project, `project ${application.project}`],
    [automated && !application.prune, 'prune: false'],
    [automated && application.selfHeal, 'selfHeal: true'],
    [automated && !application.allowEmpty, 'allowEmpty: false'],
    [!syncOptions.includes('ServerSideApply=true'), 'no ServerSideApply=true'],
    ...leadsPastGates.map((option) => [syncOptions.includes(option), option] as const),
    [retryLimit < 0 || retryLimit > mostRetries, `retry.limit: ${retryLimit}`],
    [application.ignoresDifferences, 'ignoreDifferences'],
  ]
  return changes.flatMap(([changed, what]) => (changed ? [what] : []))
}

// While a sync is repeated, no newer commit is taken, such as a revert.
const mostRetries = 5

const clusterKinds: readonly GroupKind[] = ['ClusterRole', 'ClusterRoleBinding'].map((kind) => ({
  group: 'rbac.authorization.k8s.io',
  kind,
}))
const namespacedKinds: readonly GroupKind[] = [
  ...['Secret', 'ConfigMap', 'ServiceAccount'].map((kind) => ({ group: '', kind })),
  { group: 'batch', kind: 'Job' },
  ...['Role', 'RoleBinding'].map((kind) => ({ group: 'rbac.authorization.k8s.io', kind })),
]

function projectLimits(
  cluster: ClusterConfig,
  controller: ArgocdControllerConfig,
  discovery: Discovery,
  projects: readonly ArgocdProject[],
  file: string,
): readonly Finding[] {
  const project = projects.find((one) => one.name === controller.project)
  if (project === undefined) {
    // Argo CD makes the project `default` itself, and lets everything through it.
    return controller.project === 'default' ? [] : [unknownProject(cluster.name, controller.project, file)]
  }
  const lacks = lacksOf(project, controller, namespacesOf(cluster, discovery))
  if (lacks.length === 0) return []
  return [
    {
      id: 'argocd/project',
      severity: 'error',
      place: { cluster: cluster.name, file: project.site.file, line: project.site.line, object: `AppProject ${project.name}` },
      message: 'the project does not allow what reroot’s Application applies, so Argo CD would refuse to sync it',
      expected: 'the repository, the cluster, every namespace of the mesh, Jobs, Secrets, ConfigMaps, ServiceAccounts and RBAC',
      found: lacks.join('; '),
      remedy: 'allow it in the AppProject, or name another project in reroot.yaml: clusters[].controller.project',
    },
  ]
}

function unknownProject(cluster: string, project: string, file: string): Finding {
  return {
    id: 'argocd/project',
    severity: 'warning',
    place: { cluster, file, object: `AppProject ${project}` },
    message: 'Git does not show the project, so whether it allows what reroot’s Application applies is unknown',
    expected: 'an AppProject below clusters[].paths',
    found: 'none',
    remedy: `see that it allows the repository, the cluster, Jobs, Secrets, ConfigMaps, ServiceAccounts and RBAC (\`argocd proj get ${project}\`)`,
  }
}

/** The namespaces into which the Application writes: the Jobs', and a Role in each one that a wave restarts something in. */
function namespacesOf(cluster: ClusterConfig, discovery: Discovery): readonly string[] {
  const meshed = discovery.namespaces.filter((namespace) => namespace.meshed).map((namespace) => namespace.name)
  return [...new Set([cluster.istio.namespace, ...meshed, ...discovery.workloads.map((workload) => workload.id.namespace)])].toSorted()
}

/** Argo CD v3.5.1, pkg/apis/application/v1alpha1/app_project_types.go: IsSourcePermitted, IsDestinationPermitted, IsGroupKindPermitted. */
function lacksOf(project: ArgocdProject, controller: ArgocdControllerConfig, namespaces: readonly string[]): readonly string[] {
  const { name = null, server = null } = controller.destination
  const permitted = (namespace: string): boolean => {
    const fits = (denying: boolean): boolean =>
      project.destinations.some((one) => {
        const place = one.server ?? one.name ?? ''
        const own = one.server === null ? name : server
        const denies = place.startsWith('!') || (one.namespace ?? '').startsWith('!')
        // What Git says by the other of name and address cannot be compared, and counts as allowed.
        const at = own === null ? !denies : glob(place.replace(/^!/, ''), own)
        return denies === denying && at && glob((one.namespace ?? '').replace(/^!/, ''), namespace)
      })
    return fits(false) && !fits(true)
  }
  const closed = namespaces.filter((namespace) => !permitted(namespace))
  const allows = (allowed: readonly GroupKind[] | null, denied: readonly GroupKind[], kind: GroupKind): boolean =>
    (allowed === null || allowed.some((one) => covers(one, kind))) && !denied.some((one) => covers(one, kind))
  const kinds = [
    ...clusterKinds.filter((kind) => !allows(project.clusterAllowed, project.clusterDenied, kind)),
    ...namespacedKinds.filter((kind) => !allows(project.namespacedAllowed, project.namespacedDenied, kind)),
  ]
  return [
    ...(sourceAllowed(project.sourceRepos, controller.repoURL) ? [] : [`not the repository ${controller.repoURL}`]),
    ...(closed.length === 0 ? [] : [`not the namespaces ${closed.join(', ')} of ${name ?? server ?? ''}`]),
    ...(kinds.length === 0 ? [] : [`not the kinds ${kinds.map(({ kind }) => kind).join(', ')}`]),
  ]
}

function sourceAllowed(patterns: readonly string[], url: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/\.git$/, '')
  const fits = (pattern: string): boolean => glob(plain(pattern), plain(url))
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))
  )
}

function covers(pattern: GroupKind, { group, kind }: GroupKind): boolean {
  return glob(pattern.group, group) && glob(pattern.kind, kind)
}

/** Where Argo CD's globs stop at a slash, these do not: a doubt is no refusal. */
function glob(pattern: string, text: string): boolean {
  return globMatcher(pattern)(text)
}

function buildLimits(
  cluster: string,
  options: { readonly text: string; readonly site: { readonly file: string; readonly line: number } } | null,
  file: string,
): readonly Finding[] {
  const needed = ['--enable-alpha-plugins', '--enable-exec']
  const missing = options === null ? needed : needed.filter((option) => !options.text.split(/\s+/).includes(option))
  if (missing.length === 0) return []
  return [
    {
      id: 'argocd/build-options',
      severity: options === null ? 'warning' : 'error',
      place: {
        cluster,
        ...(options === null ? { file } : { file: options.site.file, line: options.site.line }),
        object: 'ConfigMap argocd-cm',
      },
      message:
        options === null
          ? 'Git does not show the build options of Argo CD: without them kustomize does not run KSOPS, and nothing of a step is applied'
          : 'kustomize would not run KSOPS, so Argo CD could not build reroot’s folder, and nothing of a step would be applied',
      expected: `kustomize.buildOptions with ${needed.join(' ')}`,
      found: options === null ? 'no argocd-cm below clusters[].paths' : options.text,
      remedy: `add ${missing.join(' ')} to kustomize.buildOptions of the ConfigMap argocd-cm, and KSOPS to the repo-server`,
    },
  ]
}

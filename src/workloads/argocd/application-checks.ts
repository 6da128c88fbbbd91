import type { Finding } from '../../base/index.ts'
import { withNamespace } from '../inventory.ts'
import { restartableKind } from '../pod-owner.ts'
import { nameOf } from '../resource.ts'
import { isUnder } from '../source-tree.ts'
import type { CacertsSite, Destination } from '../types.ts'
import { asMap } from '../value.ts'
import { outOfSyncOnly } from './application-facts.ts'
import { directoryFilter } from './application.ts'
import type { Application, ApplicationSource } from './application.ts'
import type { IgnoreRule } from './ignored.ts'
import type { Whose } from './known-clusters.ts'
import type { OwnRepository } from './repository-url.ts'
import type { Applied } from './resolve.ts'

/** What in an Application of the cluster stands against a rotation. */
export function checkApplication(
  { application, content }: Applied,
  rules: readonly IgnoreRule[],
  cacerts: readonly CacertsSite[],
  ignore: string,
): readonly Finding[] {
  const delivered = cacerts.filter(({ controller }) => controller === application.id)
  const findings: Finding[] = []
  if (!application.automated) findings.push(manualSync(application, delivered.length > 0))
  if (application.syncOptions.includes(outOfSyncOnly)) findings.push(passesOver(application))
  const readsOwnFolder = ignore !== '' && content.paths.some((path) => isUnder(path, ignore))
  if (application.hydrated && (delivered.some(({ form, ksops }) => form === 'sops' || ksops !== null) || readsOwnFolder))
    findings.push(hydrates(application))
  const objects = content.resources.map(({ object }) => withNamespace(object, application.targetNamespace))
  for (const rule of rules) {
    const secret = objects.find((object) => object['kind'] === 'Secret' && nameOf(object) === 'cacerts' && rule.hidesData(object))
    if (secret !== undefined) findings.push(ignoresData(application, rule))
    const workload = objects.find((object) => restartableKind(object) && rule.hidesTemplate(object))
    if (workload !== undefined) findings.push(ignoresTemplate(application, rule, `${String(workload['kind'])} ${nameOf(workload)}`))
  }
  return findings
}

/** What tells whether an Application reads reroot's own folder, and whether it may. */
export interface OwnFolder {
  readonly folder: string
  /** The cluster that is looked at. */
  readonly cluster: string
  /** Argo CD's own namespace, where reroot's Application is. */
  readonly namespace: string
  readonly own: OwnRepository
  readonly judge: (destination: Destination) => Whose
  /** Files that are below the folder already. */
  readonly existing: readonly string[]
  /** Files that a build of a folder reads, if kustomize builds it. */
  filesBuilt(folder: string): ReadonlySet<string>
}

/** Whether an Application, for any cluster, would apply something of reroot's own folder, unless it is reroot's own. */
export function checkSwallowed(application: Application, around: OwnFolder): readonly Finding[] {
  if (around.folder === '') return []
  return application.sources.flatMap((source) => {
    if (source.path === null || source.chart !== null || !around.own.is(source.repoURL)) return []
    const taken = takenOf(source, source.path, around)
    if (taken === null) return []
    const hydrated = application.hydrated ? [hydrates(application)] : []
    if (isRerootsOwn(application, source.path, around)) return hydrated
    const at = asMap(source.spec['directory']) === null ? 'path' : 'directory'
    return [...hydrated, swallows(application, [...source.at, at], around.folder, taken)]
  })
}

/** What of reroot's folder a source applies; `null` if nothing. */
function takenOf(source: ApplicationSource, path: string, { folder, cluster, existing, filesBuilt }: OwnFolder): string | null {
  const inside = isUnder(path, folder)
  // reroot's own Application may be applied from wherever it lies.
  const isTaken = (file: string): boolean => isUnder(file, folder) && !file.endsWith('/argocd.yaml')
  if (asMap(source.spec['directory']) === null) return inside ? path : ([...filesBuilt(path)].find(isTaken) ?? null)
  if (!inside && !isUnder(folder, path)) return null
  const filter = directoryFilter(source)
  const written = [`${folder}/clusters/${cluster}/kustomization.yaml`, `${folder}/clusters/${cluster}/cacerts/cacerts.sops.yaml`]
  const taken = [...written, ...existing].find(
    (file) => isUnder(file, path) && isTaken(file) && filter.takes(path === '' ? file : file.slice(path.length + 1)),
  )
  return taken ?? null
}

/** reroot's Application of this cluster, or, as far as the name tells, of another. */
function isRerootsOwn({ name, namespace, destination }: Application, path: string, around: OwnFolder): boolean {
  const clusters = `${around.folder}/clusters/`
  const cluster = path.startsWith(clusters) ? path.slice(clusters.length) : ''
  if (cluster === '' || cluster.includes('/') || !isNameFor(name, cluster)) return false
  return cluster !== around.cluster || (namespace === around.namespace && around.judge(destination) !== 'other')
}

/** `applicationName` of src/plan shortens names that are no labels, and puts a hash behind them. */
function isNameFor(name: string, cluster: string): boolean {
  const full = `mesh-ca-${cluster}`
  return full.length <= 63 ? name === full : name.startsWith(`${full.slice(0, 56).replace(/-+$/, '')}-`)
}

function manualSync(application: Application, deliversCa: boolean): Finding {
  return {
    id: 'argocd/manual-sync',
    severity: deliversCa ? 'warning' : 'info',
    place: application.place('spec', 'syncPolicy'),
    message: deliversCa
      ? 'it delivers the Secret cacerts, but syncs only when a person asks for it'
      : 'it syncs only when a person asks for it: until then nothing of a step reaches what it applies',
    expected: 'syncPolicy.automated',
    found: 'no automated sync',
    remedy: 'sync it after each merge (`argocd app sync`), or set syncPolicy.automated',
  }
}

function passesOver(application: Application): Finding {
  return {
    id: 'argocd/out-of-sync-only',
    severity: 'warning',
    place: application.place('spec', 'syncPolicy', 'syncOptions'),
    message:
      'a sync that is repeated passes over what is in sync already, without a look at its health: a wave that failed does not hold the next',
    expected: 'no ApplyOutOfSyncOnly=true',
    found: outOfSyncOnly,
    remedy: 'take the option out, at least while the CA is rotated',
  }
}

function hydrates(application: Application): Finding {
  return {
    id: 'argocd/rendered',
    severity: 'error',
    place: application.place('spec', 'sourceHydrator'),
    message: 'the source hydrator would push the decrypted Secret cacerts, with the CA’s key, to a branch',
    expected: 'an Application without sourceHydrator for the Secret',
    found: 'spec.sourceHydrator',
    remedy: 'let an Application without hydrator deliver the Secret; if it was pushed before, the key is known: rotate to a new root',
  }
}

function ignoresData(application: Application, rule: IgnoreRule): Finding {
  return {
    id: 'argocd/ignored',
    severity: 'error',
    place: { ...rule.place(), object: application.label },
    message: 'differences in the data of the Secret cacerts are ignored, so that a new CA would not be applied',
    expected: 'no rule of ignoreDifferences for data of the Secret',
    found: 'a rule that covers /data',
    remedy: 'take the rule out, or make it leave out the Secret cacerts',
  }
}

function ignoresTemplate(application: Application, rule: IgnoreRule, workload: string): Finding {
  return {
    id: 'argocd/ignored',
    severity: 'warning',
    place: { ...rule.place(), object: application.label },
    message: 'differences in annotations of pod templates are ignored, so that a restart in Git would not be applied',
    expected: 'no rule of ignoreDifferences for /spec/template/metadata/annotations',
    found: `a rule that covers those of ${workload}`,
    remedy: 'take the rule out; or let a Job restart the workloads: restarts.rules with delivery: job',
  }
}

function swallows(application: Application, at: readonly (string | number)[], ignore: string, file: string): Finding {
  return {
    id: 'argocd/swallowed',
    severity: 'error',
    place: application.place(...at),
    message: `it would apply what reroot writes below ${ignore}/ as it is: sealed Secrets, and steps out of order`,
    expected: `nothing of ${ignore}/, but by reroot’s own Application`,
    found: file,
    remedy: `exclude ${ignore}/ (directory.exclude: '${ignore}/**'; for a directory generator, a path with exclude: true; of a kustomization, take it out of resources), or choose another --directory`,
  }
}

import type { Finding } from '../../base/index.ts'
import { restartableKind } from '../pod-owner.ts'
import { nameOf } from '../resource.ts'
import { isUnder } from '../source-tree.ts'
import type { CacertsSite } from '../types.ts'
import { asMap } from '../value.ts'
import { directoryFilter } from './application.ts'
import type { Application } from './application.ts'
import type { IgnoreRule } from './ignored.ts'
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
  if (application.outOfSyncOnly) findings.push(outOfSyncOnly(application))
  const readsOwnFolder = ignore !== '' && content.paths.some((path) => isUnder(path, ignore))
  if (application.hydrated && (delivered.some(({ form, ksops }) => form === 'sops' || ksops !== null) || readsOwnFolder))
    findings.push(hydrates(application))
  for (const rule of rules) {
    const secret = content.resources.find(
      ({ object }) => object['kind'] === 'Secret' && nameOf(object) === 'cacerts' && rule.hidesData(object),
    )
    if (secret !== undefined) findings.push(ignoresData(application, rule))
    const workload = content.resources.find(({ object }) => restartableKind(object) && rule.hidesTemplate(object))
    if (workload !== undefined)
      findings.push(ignoresTemplate(application, rule, `${String(workload.object['kind'])} ${nameOf(workload.object)}`))
  }
  return findings
}

/**
 * Whether an Application, for any cluster, would apply reroot's own folder as plain manifests.
 * @param existing files that are below reroot's folder already.
 */
export function checkSwallowed(application: Application, ignore: string, cluster: string, existing: readonly string[]): readonly Finding[] {
  if (ignore === '') return []
  return application.sources.flatMap((source) => {
    const { path } = source
    if (path === null || asMap(source.spec['directory']) === null || isUnder(path, ignore) || !isUnder(ignore, path)) return []
    const filter = directoryFilter(source)
    const written = [`${ignore}/clusters/${cluster}/kustomization.yaml`, `${ignore}/clusters/${cluster}/cacerts/cacerts.sops.yaml`]
    const taken = [...written, ...existing].find((file) => filter.takes(path === '' ? file : file.slice(path.length + 1)))
    return taken === undefined || !filter.recurse ? [] : [swallows(application, [...source.at, 'directory'], ignore, taken)]
  })
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

function outOfSyncOnly(application: Application): Finding {
  return {
    id: 'argocd/out-of-sync-only',
    severity: 'warning',
    place: application.place('spec', 'syncPolicy', 'syncOptions'),
    message:
      'a sync that is repeated passes over what is in sync already, without a look at its health: a wave that failed does not hold the next',
    expected: 'no ApplyOutOfSyncOnly=true',
    found: 'ApplyOutOfSyncOnly=true',
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
    message: `it would apply every manifest below ${ignore}/ as it is: sealed Secrets, and steps out of order`,
    expected: `directory.exclude: '${ignore}/**', or a folder beside ${ignore}/`,
    found: file,
    remedy: `exclude ${ignore}/ in spec.source.directory.exclude, or choose another --directory`,
  }
}

import type { Finding, Place } from '../../base/index.ts'
import type { Files } from '../../ports.ts'
import { discover } from '../../workloads/index.ts'
import type { SyncedCluster } from '../../workloads/index.ts'
import { isSealedText } from './controller-objects.ts'

/** A cluster that `init` saw and does not take over, on purpose. */
export interface LeftOut {
  readonly cluster: string
  /** `file:line` */
  readonly at: string
  readonly why: string
}

/** Everything that is left out, for people to look through. */
export function leftOut(notes: readonly Finding[], unwanted: readonly SyncedCluster[]): readonly LeftOut[] {
  return [
    ...leftOutIn(notes).map(({ found = '', place, message }) => ({
      cluster: found,
      at: `${place.file ?? ''}:${place.line ?? 1}`,
      why: message.replace(/, so the cluster is left out$/, ''),
    })),
    ...unwanted.map(({ name, site }) => ({ cluster: name, at: `${site.file}:${site.line}`, why: '--cluster does not name it' })),
  ]
}

/** Findings that say: this destination of Argo CD has no control plane, and is left out on purpose. */
export function leftOutIn(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ id, severity }) => id === 'argocd/destination' && severity === 'info')
}

/** How Argo CD's Applications of this repository are followed. */
export interface Following {
  readonly directory: string
  readonly namespace: string
  readonly repoURL: string
  readonly branch: string
}

/** What Git hides of a destination that was left out: a control plane may be in it. */
export function hiddenThere(files: Files, finding: Finding, { directory, ...argocd }: Following): readonly Finding[] {
  const written = finding.found ?? ''
  if (isSealedText(written)) return [sealedDestination(finding.place)]
  const isServer = written.includes('://')
  const { findings } = discover(files, {
    name: 'left-out',
    paths: [''],
    controller: {
      type: 'argocd',
      ...argocd,
      destination: { name: isServer ? null : written, server: isServer ? written : null },
      labels: {},
    },
    istio: { namespace: 'istio-system', revisions: null },
    namespaces: new Map(),
    ignore: `${directory}/`,
  })
  // A name that means nothing to anybody must not be read.
  return findings.map((one) => ({ ...one, place: withoutCluster(one.place) }))
}

function withoutCluster({ file, line, object }: Place): Place {
  return { ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }), ...(object === undefined ? {} : { object }) }
}

/** A destination that nobody can read. */
export function sealedDestination(place: Place): Finding {
  return {
    id: 'workloads/sealed-object',
    severity: 'error',
    place,
    message: 'the destination comes from a sealed value, so which cluster it is is unknown',
    expected: 'a destination that Git shows',
    found: 'ENC[…]',
    remedy: 'seal no more than secret values: the name and the address of a cluster are none, also in files of parameters',
  }
}

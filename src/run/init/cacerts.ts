import type { Finding } from '../../base/index.ts'
import type { CacertsSite } from '../../workloads/index.ts'
import type { FoundCluster } from './find.ts'

/** What is wrong with a Secret, in the words of a finding. */
type Fault = Pick<Finding, 'message' | 'expected' | 'found' | 'remedy'>

/** One way in which a Secret named `cacerts` cannot be carried through a rotation. The first that applies is reported. */
type Check = (site: CacertsSite, cluster: FoundCluster) => Fault | null

const inTheClear: Check = ({ form }) =>
  form === 'clear'
    ? {
        message: 'the CA’s private key is in Git in the clear',
        expected: 'a Secret sealed with SOPS',
        found: 'an unsealed Secret',
        remedy: 'treat the key as leaked: take the file out, initialise with --from, and run `reroot replace`',
      }
    : null

const madeByOthers: Check = ({ form, kind }) =>
  form === 'other'
    ? {
        message: `the Secret cacerts is made by a ${kind}`,
        expected: 'a Secret sealed with SOPS, or none in Git',
        found: kind,
        remedy: `remove the ${kind} with prune protection on the Secret, and initialise with --from`,
      }
    : null

const notAlone: Check = ({ documents }) =>
  documents > 1
    ? {
        message: 'the sealed Secret shares its file with other objects',
        expected: 'a file of its own',
        found: `${documents} documents`,
        remedy: 'move the Secret into a file of its own first',
      }
    : null

const elsewhere: Check = ({ namespace }, { istioNamespace }) =>
  namespace !== null && namespace !== istioNamespace
    ? {
        message: 'the Secret is not in the control plane’s namespace, where istiod looks for it',
        expected: istioNamespace,
        found: namespace,
        remedy: 'correct the namespace, or give --istio-namespace',
      }
    : null

const notTheOnlyOne: Check = (site, { discovery }) => {
  const sealed = discovery.cacerts.filter(({ form }) => form === 'sops')
  return sealed.indexOf(site) > 0
    ? {
        message: 'the cluster has more than one Secret cacerts',
        expected: 'one',
        found: String(sealed.length),
        remedy: 'remove all but the one that istiod mounts',
      }
    : null
}

/** Its Application would go on applying what it is pinned to, whatever a step writes. */
const pinned: Check = ({ controller }, { discovery }) => {
  const revision = discovery.findings.find(({ id, place }) => id === 'argocd/revision' && place.object === `Application ${controller}`)
  return revision === undefined
    ? null
    : {
        message: `the Application ${controller} applies the Secret from a pinned revision, so that no step would reach it`,
        expected: revision.expected ?? 'the branch',
        found: revision.found ?? '',
        remedy: `let it follow the branch (${revision.place.file ?? ''}:${revision.place.line ?? 1}), and run init again`,
      }
}

const checks: readonly Check[] = [inTheClear, madeByOthers, notAlone, elsewhere, notTheOnlyOne, pinned]

/** Secrets named `cacerts` that cannot be carried through a rotation. */
export function cacertsFindings(cluster: FoundCluster): readonly Finding[] {
  return cluster.discovery.cacerts.flatMap((site): Finding[] => {
    for (const check of checks) {
      const fault = check(site, cluster)
      if (fault === null) continue
      const { file, line } = site.site
      return [
        { id: 'ca/cacerts', severity: 'error', place: { cluster: cluster.sync.name, file, line, object: 'Secret/cacerts' }, ...fault },
      ]
    }
    return []
  })
}

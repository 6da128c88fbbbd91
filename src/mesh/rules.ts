import { findingTitles } from '../base/index.ts'
import type { Finding, Place } from '../base/index.ts'
import { sharedDestinations } from './destinations.ts'
import type { Config } from './schema.ts'

type At = (path: readonly (string | number)[]) => Place
type ConfigRule = (config: Config, at: At) => readonly Finding[]

/** Names of waves that reroot gives itself; a tier cannot have them. */
export const reservedWaveNames = ['entry', 'entry-gate', 'control-plane', 'ztunnel', 'gateways', 'default', 'cacerts', 'state'] as const

const problem = (place: Place, message: string, remedy: string, more: Pick<Finding, 'expected' | 'found'> = {}): Finding => ({
  id: 'config/rule',
  severity: 'error',
  place,
  message,
  ...more,
  remedy,
})

const uniqueClusters: ConfigRule = (config, at) =>
  repeated(config.clusters.map((cluster) => cluster.name)).map((index) =>
    problem(at(['clusters', index, 'name']), 'two clusters have the same name', 'give every cluster a name of its own', {
      found: config.clusters[index]?.name ?? '',
    }),
  )

const uniqueSecretFiles: ConfigRule = (config, at) =>
  repeated(config.clusters.map((cluster) => cluster.cacerts.file)).map((index) =>
    problem(
      at(['clusters', index, 'cacerts', 'file']),
      'two clusters share one cacerts file',
      'every cluster has intermediates, and so a Secret, of its own',
      {
        found: config.clusters[index]?.cacerts.file ?? '',
      },
    ),
  )

const uniqueReferences: ConfigRule = (config, at) =>
  repeated(config.clusters.map((cluster) => cluster.controller.register)).map((index) =>
    problem(
      at(['clusters', index, 'controller', 'register']),
      'two clusters share one register file',
      'every cluster picks up its own directory by a file of its own',
      {
        found: config.clusters[index]?.controller.register ?? '',
      },
    ),
  )

const knownPrimaries: ConfigRule = (config, at) =>
  config.clusters.flatMap((cluster, index) => {
    if (cluster.controlPlane === 'own') return []
    return [
      problem(
        at(['clusters', index, 'controlPlane']),
        'a cluster served by another cluster’s istiod cannot be rotated yet',
        'leave this cluster out of reroot.yaml and restart its workloads after each step yourself, or wait for the version that supports it',
        { expected: 'own', found: cluster.controlPlane },
      ),
    ]
  })

const supportedSources: ConfigRule = (config, at) =>
  config.clusters.flatMap((cluster, index) => {
    if (cluster.controller.type !== 'flux' || cluster.controller.source.kind === 'GitRepository') return []
    return [
      problem(
        at(['clusters', index, 'controller', 'source', 'kind']),
        'the source does not read Git',
        'reroot commits to the branch that the controller reads; point it at the GitRepository',
        { expected: 'GitRepository', found: cluster.controller.source.kind },
      ),
    ]
  })

const supportedCustody: ConfigRule = (config, at) =>
  config.pki.root.custody === 'external'
    ? [
        problem(at(['pki', 'root', 'custody']), 'a root that is kept outside cannot be asked to sign yet', 'use sealed, or discard', {
          expected: 'sealed | discard',
          found: 'external',
        }),
      ]
    : []

const intermediateInsideRoot: ConfigRule = (config, at) =>
  config.pki.intermediate.days > config.pki.root.days
    ? [
        problem(
          at(['pki', 'intermediate', 'days']),
          'an intermediate would outlive its root',
          'give the root more days, or the intermediate fewer',
          {
            expected: `at most ${config.pki.root.days}`,
            found: String(config.pki.intermediate.days),
          },
        ),
      ]
    : []

const tiers: ConfigRule = (config, at) => {
  const names = config.restarts.tiers.map((tier) => tier.name)
  const findings = repeated(names).map((index) =>
    problem(at(['restarts', 'tiers', index, 'name']), 'two tiers have the same name', 'give every tier a name of its own'),
  )
  config.restarts.tiers.forEach((tier, index) => {
    if (reservedWaveNames.some((name) => tier.name === name)) {
      findings.push(
        problem(at(['restarts', 'tiers', index, 'name']), 'the name is one of reroot’s own waves', 'choose another name', {
          found: tier.name,
        }),
      )
    }
  })
  const places = config.restarts.tiers.flatMap((tier, index) =>
    tier.namespaces.map((namespace, position) => ({ namespace, index, position })),
  )
  for (const index of repeated(places.map((place) => place.namespace))) {
    const place = places[index]
    if (place !== undefined)
      findings.push(
        problem(at(['restarts', 'tiers', place.index, 'namespaces', place.position]), 'a namespace is in two tiers', 'list it once', {
          found: place.namespace,
        }),
      )
  }
  return findings
}

/** Findings that a person may take responsibility for: what Git does not show. Nothing that the certificates or the order depend on. */
export function isAcceptable(finding: string): boolean {
  // A key that would be pushed in the clear, a Secret that would not be applied, or a gate that holds nothing is nobody's to accept.
  if (['argocd/rendered', 'argocd/swallowed', 'argocd/ignored', 'argocd/duplicate', 'argocd/changed'].includes(finding)) return false
  if (!Object.hasOwn(findingTitles, finding)) return false
  return /^(workloads|flux|argocd)\//.test(finding) || finding === 'restart/unseen'
}

const acceptable: ConfigRule = (config, at) =>
  config.accept.flatMap((entry, index) =>
    isAcceptable(entry.finding)
      ? []
      : [
          Object.hasOwn(findingTitles, entry.finding)
            ? problem(
                at(['accept', index, 'finding']),
                'this finding cannot be accepted',
                'mend what it names; `reroot stage` says where',
                {
                  expected: 'workloads/…, flux/…, argocd/… or restart/unseen',
                  found: entry.finding,
                },
              )
            : problem(at(['accept', index, 'finding']), 'there is no such finding', 'take the id as `reroot stage` prints it', {
                expected: 'an id of docs/findings.md',
                found: entry.finding,
              }),
        ],
  )

const uniqueDestinations: ConfigRule = (config, at) =>
  sharedDestinations(config.clusters).map(({ index, found }) =>
    problem(
      at(['clusters', index, 'controller', 'destination']),
      'two clusters have the same destination',
      'give every cluster its own destination; or, if each has an Argo CD of its own, paths that do not overlap',
      { found },
    ),
  )

const statedOnce: ConfigRule = (config, at) =>
  config.clusters.flatMap((cluster, index) => {
    const stated = [
      ...cluster.istio.istiod.map((name) => `Deployment/${cluster.istio.namespace}/${name}`),
      ...cluster.workloads.map((one) => one.workload),
    ]
    return repeated(stated).map((position) =>
      problem(
        at(
          position < cluster.istio.istiod.length
            ? ['clusters', index, 'istio', 'istiod', position]
            : ['clusters', index, 'workloads', position - cluster.istio.istiod.length],
        ),
        'a workload is stated twice',
        'list it once, here or in istio.istiod',
        { found: stated[position] ?? '' },
      ),
    )
  })

const reasonsForExpiry: ConfigRule = (config, at) =>
  config.restarts.rules.flatMap((rule, index) =>
    rule.drain === 'expire' && rule.reason === undefined
      ? [
          problem(
            at(['restarts', 'rules', index]),
            'a workload that is not restarted needs a reason',
            'say why in `reason`: it is repeated in every pull request',
          ),
        ]
      : [],
  )

const knownRuleClusters: ConfigRule = (config, at) =>
  config.restarts.rules.flatMap((rule, index) =>
    (rule.clusters ?? []).flatMap((name, position) =>
      config.clusters.some((cluster) => cluster.name === name)
        ? []
        : [
            problem(at(['restarts', 'rules', index, 'clusters', position]), 'no such cluster', 'use a name from `clusters`', {
              found: name,
            }),
          ],
    ),
  )

/** Every rule that the schema alone cannot express. */
export const configRules: readonly ConfigRule[] = [
  uniqueClusters,
  uniqueSecretFiles,
  uniqueReferences,
  knownPrimaries,
  uniqueDestinations,
  statedOnce,
  supportedSources,
  supportedCustody,
  intermediateInsideRoot,
  tiers,
  acceptable,
  reasonsForExpiry,
  knownRuleClusters,
]

/** Indices of the items that stand earlier in the list already. */
function repeated(items: readonly string[]): number[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    if (seen.has(item)) return [index]
    seen.add(item)
    return []
  })
}

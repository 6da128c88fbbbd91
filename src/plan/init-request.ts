import { momentText } from '../rotation/index.ts'
import type { ClusterRecord, MeshRecord } from '../rotation/index.ts'
import { countOf, groupBy, togetherForClusters } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import type { ClusterConfig } from '../mesh/index.ts'
import { applicationName } from './layout.ts'
import { contextFlag } from './context-flag.ts'
import { commands, fold, placeText } from './markdown.ts'
import type { PullRequest } from './pull-request.ts'

/** What the pull request of `init` says about one cluster. */
export interface InitStory {
  readonly name: string
  /** The server of whose address the name was made; `null` if somebody gave it. */
  readonly nameFrom: string | null
  readonly record: ClusterRecord
  /** SHA-256 of the text of `cert-chain.pem` as it was taken over. */
  readonly certChain: string
  readonly managed: 'own' | 'in-place'
  readonly file: string
  readonly controller: ClusterConfig['controller']
  /** The Application that picks up the register file; `null`: under Flux, or nothing in Git does. */
  readonly registeredBy: string | null
  readonly istioNamespace: string
  readonly recipients: readonly string[]
  readonly workloads: number
}

/** The text of `init`'s pull request. */
export function initRequest(input: {
  readonly branch: string
  readonly base: string
  /** reroot's directory. */
  readonly directory: string
  readonly mesh: MeshRecord
  readonly clusters: readonly InitStory[]
  readonly custodians: readonly string[]
  /** Clusters that were seen and not taken over, on purpose. */
  readonly leftOut: readonly { readonly cluster: string; readonly at: string; readonly why: string }[]
  readonly findings: readonly Finding[]
  readonly files: readonly { readonly path: string; readonly edited: boolean }[]
}): PullRequest {
  const { mesh, clusters, findings } = input
  const trailers = [
    ['Reroot-Step', 'init'],
    ['Reroot-Id', 'init'],
    ['Reroot-Directory', input.directory],
    ['Reroot-Change-Set', '1/1 init'],
  ] as const
  const sections = [
    `reroot takes over the CA of the mesh \`${mesh.mesh}\` as it is. Nothing restarts, and no certificate changes: the merge only puts the CA’s public facts and the sealed Secret where \`reroot stage\` finds them. The root that the mesh has now is \`g1\`.`,
    '### What happens when this is merged',
    [clusters.map(mergeText).join('\n'), ...clusters.flatMap(nameText)].join('\n\n'),
    '### What each cluster still needs',
    needs(clusters, clusters.length + input.leftOut.length),
    '### The CA that was found',
    certificateTable(mesh, clusters),
    '### Who can unseal',
    [
      ...[...groupBy(clusters, ({ recipients }) => recipients.join())].map(
        ([, same]) =>
          `- the Secret of ${same.map(({ name }) => name).join(', ')}: ${(same[0]?.recipients ?? []).map((one) => `\`${one}\``).join(', ')}`,
      ),
      `- keys of new roots: ${input.custodians.map((one) => `\`${one}\``).join(', ') || 'nobody yet: add a rule for `roots/` to `.sops.yaml`'}`,
    ].join('\n'),
    ...leftOutText(input.leftOut),
    ...notes(findings, clusters.length),
    '### How to go back',
    wayBack(clusters),
    fold(
      `The ${countOf(input.files.length, 'file')} of this change`,
      input.files.map(({ path, edited }) => `- \`${path}\`${edited ? ' (edited)' : ''}`).join('\n'),
      0,
    ),
    trailers.map(([key, value]) => `${key}: ${value}`).join('\n'),
  ]
  return {
    branch: input.branch,
    base: input.base,
    title: `init: reroot takes over the CA of ${mesh.mesh}`,
    body: `${sections.join('\n\n')}\n`,
    trailers,
    mergeAfter: null,
  }
}

function wayBack(clusters: readonly InitStory[]): string {
  const own = clusters.filter((cluster) => cluster.managed === 'own')
  const kept = [
    ...(own.some(({ controller }) => controller.type === 'flux')
      ? ['Flux never deletes a Secret that reroot delivers: it carries `kustomize.toolkit.fluxcd.io/prune: disabled`.']
      : []),
    ...(own.some(({ controller }) => controller.type === 'argocd')
      ? ['Argo CD never deletes a Secret that reroot delivers: it carries `Prune=false,Delete=false`.']
      : []),
    ...(own.length === 0 ? ['The Secret stays with its owner.'] : []),
  ]
  return `Before the merge: close the pull request and delete the branch. After it: revert it. ${kept.join(' ')}`
}

function mergeText(cluster: InitStory): string {
  const { name, controller, file, istioNamespace, registeredBy } = cluster
  if (cluster.managed === 'in-place') {
    return `- **${name}**: \`${file}\` stays where it is, and whoever delivers the Secret goes on doing so; beside it a ConfigMap \`mesh-ca-state\` appears. ${chainText(cluster)}: the restarts and gates of the steps to come will be in it, and nothing yet.`
  }
  const unseals = `unseals \`${file}\`, and applies it as \`cacerts\` in \`${istioNamespace}\`. Its content is what the cluster has already, so istiod sees no change.`
  if (controller.type === 'flux') return `- **${name}**: Flux picks up \`${controller.register}\`, ${unseals}`
  const by =
    registeredBy === null
      ? `somebody applies \`${controller.register}\` once (below)`
      : `\`${registeredBy}\` picks up \`${controller.register}\``
  return `- **${name}**: ${by}; the new Application \`${controller.namespace}/${applicationName(name)}\` ${unseals}`
}

function chainText({ name, controller, registeredBy }: InitStory): string {
  if (controller.type === 'flux') return `Flux picks up \`${controller.register}\`, with the new Kustomization \`mesh-ca\``
  const application = `with the new Application \`${controller.namespace}/${applicationName(name)}\``
  if (registeredBy === null) return `Somebody applies \`${controller.register}\` once (below), ${application}`
  return `\`${registeredBy}\` picks up \`${controller.register}\`, ${application}`
}

/** The name stands in paths and in certificates, so it is chosen now or never. */
function nameText({ name, nameFrom }: InitStory): string[] {
  if (nameFrom === null) return []
  return [
    `The name \`${name}\` was made of the address of the server, and stays after the merge, in paths and in certificates. To choose another: close this, delete the branch, and run \`reroot init\` with \`--name ${nameFrom}=NAME\`.`,
  ]
}

/** @param clusterCount those that were left out included: a reader may have the context of any of them. */
function needs(clusters: readonly InitStory[], clusterCount: number): string {
  const before = [...argocdNeeds(clusters), ...clusters.flatMap((one) => [...fluxNeeds(one, clusterCount), ...compared(one, clusterCount)])]
  const after = clusters.flatMap(({ name, controller, registeredBy }) =>
    controller.type === 'argocd' && registeredBy === null
      ? [
          commands(`**${name}**: nothing in Git picks up one more Application, so apply reroot’s once, where Argo CD runs:`, [
            `kubectl apply -f ${controller.register}`,
          ]),
        ]
      : [],
  )
  if (before.length + after.length === 0) return 'Nothing new: the Secret is unsealed as before.'
  return [
    ...(before.length === 0 ? [] : ['Before the merge:', ...before]),
    ...(after.length === 0 ? [] : ['After the merge:', ...after]),
  ].join('\n\n')
}

function fluxNeeds({ name, managed, controller }: InitStory, clusterCount: number): string[] {
  if (managed === 'in-place' || controller.type !== 'flux') return []
  if (controller.ageKeySecret === null)
    return [
      `**${name}**: its Flux unseals with its own identity (\`ageKeySecret: null\`), so kustomize-controller must be allowed to decrypt with a key that is named below, under “Who can unseal”.`,
    ]
  return [
    commands(
      `**${name}**: the age identity that its Flux unseals with, in the Secret that the Kustomization names (if \`${controller.ageKeySecret}\` is there already, check that it holds that identity instead):`,
      [
        `kubectl${contextFlag(name, controller, clusterCount)} -n ${controller.namespace} create secret generic ${controller.ageKeySecret} --from-file=mesh-ca.agekey=IDENTITY_FILE`,
      ],
    ),
  ]
}

/** One repo-server unseals for all clusters of an Argo CD. */
function argocdNeeds(clusters: readonly InitStory[]): string[] {
  const own = clusters.filter(({ managed, controller }) => managed === 'own' && controller.type === 'argocd')
  return [...groupBy(own, ({ controller }) => controller.namespace)].flatMap(([namespace, served]) => [
    commands(
      `Argo CD’s repo-server unseals for ${served.map(({ name }) => name).join(', ')}: it must have ksops and kustomize on its PATH, and an age identity of each cluster’s recipient. This shows them:`,
      [
        `kubectl -n ${namespace} exec deploy/argocd-repo-server -c argocd-repo-server -- sh -c 'command -v ksops kustomize; ls -l "$SOPS_AGE_KEY_FILE"'`,
      ],
    ),
    commands('And kustomize must be allowed to run it (`--enable-alpha-plugins --enable-exec`):', [
      `kubectl -n ${namespace} get configmap argocd-cm -o jsonpath='{.data.kustomize\\.buildOptions}'`,
    ]),
  ])
}

function compared({ name, managed, controller, istioNamespace, record, certChain }: InitStory, clusterCount: number): string[] {
  if (managed === 'in-place') return []
  const get = `kubectl${contextFlag(name, controller, clusterCount)} -n ${istioNamespace} get secret cacerts -o`
  const hash = (key: string, how = ''): string => `${get} jsonpath='{.data.${key}\\.pem}' | base64 -d | ${how}sha256sum`
  return [
    `**${name}**: the Secret as it is now must be what was taken over; what differs would be changed by the merge. The three sums must be, in this order:`,
    commands(
      `1. \`${fingerprintOf(record)}\` (the intermediate)\n2. \`${record.rootBundle}\` (the roots)\n3. \`${certChain}\` (the chain)\n`,
      [hash('ca-cert', 'openssl x509 -outform der | '), hash('root-cert'), hash('cert-chain')],
    ),
    commands(`And nothing else may be in it. Its type, whether it is immutable, and the names of its keys must be \`${written}\`:`, [
      `${get} json | jq -c '[.type, .immutable // false, (.data | keys)]'`,
    ]),
    otherwise,
  ]
}

/** What `init` seals, as the line that looks at the live Secret prints it. */
const written = '["Opaque",false,["ca-cert.pem","ca-key.pem","cert-chain.pem","root-cert.pem"]]'

// facts/istio.md 1.2. Whether a merge removes other keys depends on who has made them, and by what program.
const otherwise =
  'If it prints something else, do not merge. With `tls.crt` istiod signs with that, and reads nothing of what reroot delivers: run `init` anew with that certificate, and make the Secret of these four keys. `ca-crl.pem` is about the old root alone, and reroot delivers none: take it out first, and see that istiod starts without it. Nothing can change another type, or what is immutable: make the Secret anew, with the same four keys, while nothing restarts istiod (the lines are in reroot’s docs/rotation.md, “init”).'

function fingerprintOf({ intermediates }: ClusterRecord): string {
  return intermediates.find(({ state }) => state === 'active')?.certificate.fingerprint ?? ''
}

function certificateTable(mesh: MeshRecord, clusters: readonly InitStory[]): string {
  const roots = mesh.generations.map(
    ({ id, certificate }) =>
      `| root ${id} | ${certificate.subject} | ${certificate.algorithm} | ${momentText(certificate.notAfter)} | \`${certificate.fingerprint}\` |`,
  )
  const intermediates = clusters.flatMap(({ name, record }) =>
    record.intermediates.map(
      ({ certificate }) =>
        `| ${name}: intermediate | ${certificate.subject} | ${certificate.algorithm} | ${momentText(certificate.notAfter)} | \`${certificate.fingerprint}\` |`,
    ),
  )
  return `| certificate | subject | algorithm | valid until | SHA-256 |\n|---|---|---|---|---|\n${[...roots, ...intermediates].join('\n')}`
}

/** A cluster that is missing breaks when the old root goes, so that people should look through those that are not here. */
function leftOutText(leftOut: Parameters<typeof initRequest>[0]['leftOut']): string[] {
  if (leftOut.length === 0) return []
  const rows = leftOut.map(({ cluster, at, why }) => `- \`${cluster}\` (\`${at}\`): ${why}`)
  return ['### Left out', `${rows.join('\n')}\n\nIf one of them is in the mesh, do not merge this: a rotation without it would cut it off.`]
}

function notes(findings: readonly Finding[], clusters: number): string[] {
  const shown = togetherForClusters(findings.filter((finding) => finding.severity !== 'info'))
  if (shown.length === 0) return []
  const rows = shown.map(({ id, severity, message, place, remedy }) => {
    const whose = place.cluster === undefined || clusters < 2 ? '' : `${place.cluster}: `
    return `- ${severity === 'error' ? '**blocks `stage`** ' : ''}${whose}${placeText(place)}${message} (\`${id}\`). ${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}`
  })
  return ['### Worth knowing', [...new Set(rows)].join('\n')]
}

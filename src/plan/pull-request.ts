import { countOf, groupBy } from '../base/index.ts'
import type { Finding, WorkloadId } from '../base/index.ts'
import type { ClusterConfig, Config } from '../mesh/index.ts'
import type { Certificate } from '../pki/index.ts'
import { generationIn, momentText, trustedGenerations } from '../rotation/index.ts'
import type { ClusterRecord, Decision, MeshRecord, Move, Phase, RestartList, Step } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import { fold, placeText, words } from './markdown.ts'
import type { ChangeSet } from './parts.ts'
import { lists } from './pull-request-lists.ts'
import type { Length } from './pull-request-lists.ts'
import { toCheck } from './pull-request-check.ts'
import { linkName } from './object-names.ts'
import { onMerge } from './pull-request-merge.ts'
import { restartsAnything } from './waves.ts'
import { stepWords } from './words.ts'

/** What a pull request says about one cluster. */
export interface ClusterStory {
  readonly name: string
  readonly move: Move
  readonly record: ClusterRecord
  readonly restarts: RestartList
  readonly istioNamespace: string
  readonly controller: ClusterConfig['controller']
  readonly managed: 'own' | 'in-place'
  /** Whoever delivers the Secret in place, `namespace/name`; `null`: reroot does, or Git does not show it. */
  readonly secretOwner: string | null
  /** Workloads that Git shows, and that hold no certificate of their own: outside the mesh, or in ambient mode. */
  readonly outside: Discovery['outside']
  /** Workloads of which a pod is away for a moment while they restart, as Git shows them. */
  readonly gaps?: readonly WorkloadId[]
  /** The step needs the one before to be complete: certificates that it makes worthless may be alive. */
  readonly hasBarrier: boolean
  /** istiod takes up a change of roots by itself (`ISTIO_MULTIROOT_MESH`). */
  readonly multiRoot: boolean
}

export interface PullRequest {
  readonly branch: string
  readonly base: string
  readonly title: string
  readonly body: string
  /** `Reroot-Step`, `Reroot-Id`, `Reroot-Directory`, `Reroot-Change-Set`: also in the body, since squashing drops them from commits. */
  readonly trailers: readonly (readonly [string, string])[]
  /** Merge only after this one's change set. */
  readonly mergeAfter: string | null
}

export interface Story {
  readonly decision: Decision
  readonly config: Config
  /** reroot's directory in the repository. */
  readonly directory: string
  readonly mesh: MeshRecord
  /** Roots of others, which are trusted in every phase. */
  readonly extraRoots: readonly Certificate[]
  readonly clusters: readonly ClusterStory[]
  readonly findings: readonly Finding[]
  /** Certificates that this step issued; `false`: it only copies sealed bytes. */
  readonly issued: boolean
}

/** What GitHub takes as the text of a pull request, in characters. GitLab and Gitea take more. */
export const longestBody = 65_536

/** The text of one change set's pull request, in Markdown. Fingerprints and dates only: no secret, and nothing derived from a key. */
export function pullRequest(story: Story, set: ChangeSet, branch: string, previous: string | null): PullRequest {
  const { decision } = story
  const where = set.clusters.length === 0 ? decision.moves.map((move) => move.cluster) : set.clusters
  const part = set.of > 1 ? ` (${set.position}/${set.of} ${set.name})` : ''
  const title = `${decision.step} ${subject(decision)} in ${where.join(', ')}${part}`
  const trailers = [
    ['Reroot-Step', decision.step],
    ['Reroot-Id', decision.id],
    ['Reroot-Directory', story.directory],
    ['Reroot-Change-Set', `${set.position}/${set.of} ${set.name}`],
  ] as const
  const clusters = story.clusters.filter((cluster) => where.includes(cluster.name))
  const sections = (length: Length): readonly string[] => [
    ...why(story, clusters, set, previous),
    ...drawn(story, where),
    ...onMerge(clusters, set),
    ...toCheck(story, clusters, set, branch),
    ...wayBack(decision.step),
    ...evidence(clusters),
    ...certificates(story, clusters),
    ...notes(story, where, length),
    ...lists(story, clusters, set, length),
    trailers.map(([key, value]) => `${key}: ${value}`).join('\n'),
  ]
  let body = textOf(sections('whole'))
  for (const length of ['short', 'shortest'] as const) if (body.length > longestBody) body = textOf(sections(length))
  return { branch, base: story.config.git.branch, title, body, trailers, mergeAfter: previous }
}

function textOf(sections: readonly string[]): string {
  return `${sections.join('\n\n')}\n`
}

/** The commit's message: subject, a sentence, trailers. */
export function commitMessage(request: PullRequest, sentence: string): string {
  return `${request.title}\n\n${sentence}\n\n${request.trailers.map(([key, value]) => `${key}: ${value}`).join('\n')}\n`
}

function why(story: Story, clusters: readonly ClusterStory[], set: ChangeSet, previous: string | null): string[] {
  const { step } = story.decision
  const words = stepWords[step].why({ ...names(story.decision), proven: isProven(story.decision) })
  const order = previous === null ? [] : [`**Merge this only after \`${previous}\` is merged${readyBefore(clusters, set)}.**`]
  const more = set.of > 1 ? [`This is change set ${set.position} of ${set.of} (${set.name}) of ${step} ${subject(story.decision)}.`] : []
  return [...order, [words, ...more].join(' ')]
}

/** What must be done in the cluster before a change set may be merged: the wave's own gate waits for this very change set. */
function readyBefore(clusters: readonly ClusterStory[], set: ChangeSet): string {
  const wave = /^wave-(.*)$/.exec(set.name)?.[1]
  const inPlace = clusters.filter(({ managed }) => managed === 'in-place').map(({ name }) => name)
  if (set.name === 'restarts') return inPlace.length === 0 ? '' : ` and the Secret has been applied in ${inPlace.join(', ')}`
  // What came before is of other clusters, or the Secret's own change set.
  if (wave === undefined) return ''
  const named = clusters.map((cluster) => ({ name: cluster.name, before: gateBefore(cluster, wave) }))
  const said = [...groupBy(named, ({ before }) => before)].map(
    ([before, of]) => ` and ${before}${of.length === clusters.length ? '' : ` in ${of.map(({ name }) => name).join(', ')}`}`,
  )
  return said.join(',')
}

function gateBefore({ controller, restarts }: ClusterStory, wave: string): string {
  const waves = restarts.waves.filter((one) => one.name === wave || restartsAnything(one)).map((one) => one.name)
  const before = waves[waves.indexOf(wave) - 1]
  if (before === undefined) return 'what it brought has been applied'
  return controller.type === 'argocd'
    ? `the gate of wave ${before} is complete: the gate of ${wave} waits for this pull request`
    : `the link \`${linkName(before)}\` is Ready: \`${linkName(wave)}\` waits for this pull request`
}

/** What a step does something to: `retire` and `restore` are about the old root, all others about the generation that they are named by. */
function subject(decision: Decision): string {
  return decision.step === 'retire' || decision.step === 'restore' ? names(decision).other : decision.generation
}

/** The entry gate has yet to hold the step, and a person may have erred. */
function isProven({ moves }: Decision): boolean {
  return moves.every(({ evidence, forced }) => forced === null && (evidence?.kind === 'live' || evidence?.kind === 'elapsed'))
}

/** Who is who in a step, for sentences. */
function names(decision: Decision): Omit<Parameters<(typeof stepWords)[Step]['why']>[0], 'proven'> {
  const move = decision.moves[0]
  if (move === undefined) throw new TypeError('a decision moves at least one cluster')
  const other = trustedGenerations(move.from.phase === 'steady' ? move.to : move.from).find((id) => id !== move.to.signer)
  const kept = trustedGenerations(move.to)
  const dropped = trustedGenerations(move.from).filter((id) => !kept.includes(id))
  return { signer: move.to.signer, other: other ?? move.from.signer, generation: decision.generation, dropped }
}

function drawn({ decision, extraRoots }: Story, where: readonly string[]): string[] {
  const more = extraRoots.length === 0 ? '' : ` + ${countOf(extraRoots.length, 'extra root')}`
  const phaseText = (phase: Phase): string =>
    `${phase.phase} (signs ${phase.signer}, trusts ${trustedGenerations(phase).join(' + ')}${more})`
  const moves = decision.moves.filter((move) => where.includes(move.cluster))
  const rows = moves.map((move) => `${move.cluster}: ${phaseText(move.from)}  ──${decision.step}──▶  ${phaseText(move.to)}`)
  const width = Math.max(...moves.map((move) => move.cluster.length))
  return [
    '### Phase',
    `\`\`\`text\n${rows.map((row, index) => row.padStart(row.length + width - (moves[index]?.cluster.length ?? 0))).join('\n')}\n\`\`\``,
  ]
}

function wayBack(step: Step): string[] {
  return ['### How to go back', stepWords[step].back]
}

function evidence(clusters: readonly ClusterStory[]): string[] {
  const rows = clusters.flatMap(({ name, move }) => {
    if (move.forced !== null)
      return [`- ${name}: **forced**, against the barrier “${words(move.forced.barrier)}”. Reason: ${words(move.forced.reason)}`]
    return move.evidence === null ? [] : [`- ${name}: ${evidenceKinds[move.evidence.kind]}: ${words(move.evidence.detail)}`]
  })
  return rows.length === 0 ? [] : ['### Why the step before counts as complete', rows.join('\n')]
}

const evidenceKinds = { 'entry-gate': 'by the entry gate', live: 'seen live', elapsed: 'by time', person: 'a person’s word' } as const

function certificates(story: Story, clusters: readonly ClusterStory[]): string[] {
  const trusted = new Set(clusters.flatMap(({ move }) => [...trustedGenerations(move.from), ...trustedGenerations(move.to)]))
  const roots = [...trusted].toSorted().map((id) => {
    const { certificate, rootKey } = generationIn(story.mesh, id)
    return `| root ${id} | ${certificate.subject} | ${certificate.algorithm} | ${momentText(certificate.notAfter)} | \`${certificate.fingerprint}\` | ${keyPlaces[rootKey]} |`
  })
  const extra = story.extraRoots.map(
    ({ subject, algorithm, notAfter, fingerprint }) =>
      `| extra root, trusted in every phase | ${words(subject)} | ${algorithm} | ${momentText(notAfter)} | \`${fingerprint}\` | its owner’s |`,
  )
  const intermediates = clusters.flatMap(({ name, record }) =>
    record.intermediates
      .filter((one) => one.state !== 'former')
      .map(
        ({ generation, state, certificate }) =>
          `| ${name}: intermediate under ${generation} (${state}) | ${certificate.subject} | ${certificate.algorithm} | ${momentText(certificate.notAfter)} | \`${certificate.fingerprint}\` | sealed |`,
      ),
  )
  const origin = story.issued
    ? 'New certificates were issued for this step.'
    : 'No certificate is new: the step copies sealed bytes that `stage` made.'
  return [
    '### Certificates',
    `${origin}\n\n| certificate | subject | algorithm | valid until | SHA-256 | private key |\n|---|---|---|---|---|---|\n${[...roots, ...extra, ...intermediates].join('\n')}`,
  ]
}

const keyPlaces = {
  unknown: 'where its owner keeps it',
  sealed: 'sealed for its custodians',
  discarded: 'discarded',
  external: 'kept outside',
} as const

const mostNotes = 20

/** One line for what is the same in several clusters, or at several objects of one line. */
function notes({ findings, clusters }: Story, where: readonly string[], length: Length): string[] {
  const warnings = findings.filter(
    ({ severity, place }) => severity === 'warning' && (place.cluster === undefined || where.includes(place.cluster)),
  )
  const same = groupBy(warnings, ({ id, message, place }) => `${placeText(place)}${words(message)} (\`${id}\`)`)
  if (same.size === 0) return []
  const rows = [...same].map(([text, found]) => {
    const names = [...new Set(found.flatMap(({ place }) => place.cluster ?? []))]
    return `- ${clusters.length < 2 || names.length === 0 ? '' : `${names.join(', ')}: `}${text}`
  })
  const shown = length === 'shortest' ? rows.slice(0, mostNotes) : rows
  const more = rows.length > shown.length ? [`- and ${rows.length - shown.length} more, which \`--output json\` lists`] : []
  return ['### Worth knowing', fold(countOf(rows.length, 'note'), [...shown, ...more].join('\n'), 5)]
}

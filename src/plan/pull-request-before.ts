import { generationIn, stateOf, trustedGenerations } from '../rotation/index.ts'
import { contextsOf } from './context-flag.ts'
import { layoutOf } from './layout.ts'
import { commands, shellWord } from './markdown.ts'
import type { ChangeSet } from './parts.ts'
import { proxiesNotConnected, proxiesNotOf, proxiesOf, proxiesWithout } from './proxies.ts'
import type { Meshes } from './proxies.ts'
import type { ClusterStory, Story } from './pull-request.ts'

/** What to look at before the step from which on certificates are rejected that were not before. A wave's owners come after that. */
export function mayBreak(story: Story, clusters: readonly ClusterStory[], set: ChangeSet): string[] {
  const [move] = story.decision.moves
  if (move === undefined || set.name.startsWith('wave-')) return []
  const { signer } = move.to
  const meshes = {
    contexts: contextsOf(clusters, story),
    ambient: clusters.some(({ name }) => story.config.clusters.some((one) => one.name === name && one.istio.ztunnel !== null)),
  }
  if (story.decision.step === 'promote')
    return lookBefore(
      `**It rests on this, that every workload trusts ${signer}**: from here on one that does not rejects what ${signer} signs.`,
      `what does not trust ${signer}`,
      meshes,
      proxiesWithout(generationIn(story.mesh, signer).certificate.subject, meshes),
    )
  if (!dropsSigner(story)) return []
  const { step, generation } = story.decision
  return step === 'abandon'
    ? lookBefore(breaks(`of ${generation}`), `what has a certificate of ${generation}, or none`, meshes, proxiesOf(generation, meshes))
    : lookBefore(breaks(`not of ${signer}`), `what has no certificate of ${signer}`, meshes, proxiesNotOf(signer, meshes))
}

/** Nobody sees in the cluster who trusts a root, or presents its certificates, without a proxy. */
export function withoutProxy({ decision }: Story, set: ChangeSet): string[] {
  const [move] = decision.moves
  if (move === undefined || set.name.startsWith('wave-')) return []
  const kept = trustedGenerations(move.to)
  const dropped = trustedGenerations(move.from).filter((id) => !kept.includes(id))
  if (decision.step === 'retire')
    return [
      `Whoever presents a certificate under ${dropped.join(' or ')} without a proxy of this mesh (a federated mesh or a partner under the same root, a Job or a gateway with certificates of its own) is rejected once this is merged.`,
    ]
  if (decision.step !== 'stage' && decision.step !== 'promote') return []
  const when = decision.step === 'stage' ? '`promote`' : 'this'
  return [
    `Whoever trusts ${move.from.signer} without a proxy of this mesh (a federated mesh, a partner’s gateway, a Job or a DestinationRule with a copy of the root) must trust ${decision.generation} too before ${when} is merged.`,
  ]
}

/** A pull request that was forged agrees with its own files: the others are what to compare with. */
export function fingerprints({ issued, directory, config }: Story): string {
  const records = `\`${directory}/mesh.yaml\` and each cluster’s \`record.yaml\` on \`${config.git.branch}\`, not on this branch`
  return issued
    ? `the fingerprints of the new certificates below against those that reroot printed when it made them, and all others against ${records}`
    : `the fingerprints below against ${records}`
}

/** A step that issues nothing copies what lies on the branch already: whoever reviews it need not open it to know. */
export function sealedBytes(
  { issued, config, directory }: Story,
  clusters: readonly ClusterStory[],
  set: ChangeSet,
  branch: string,
): string[] {
  if (issued) return []
  const { remote, branch: base } = config.git
  const same = clusters.flatMap(({ name, move }) => {
    const live = config.clusters.find((one) => one.name === name)?.cacerts.file
    if (live === undefined || !set.write.has(live)) return []
    const prepared = layoutOf(directory).cluster(name).prepared(stateOf(move.to))
    return [`git diff ${shellWord(`${remote}/${base}:${prepared}`)} ${shellWord(`${remote}/${branch}:${live}`)}`]
  })
  if (same.length === 0) return []
  return [
    commands(`What is sealed here was sealed by an earlier step, and lies on \`${base}\`: this prints nothing.`, [
      `git fetch --quiet ${shellWord(remote)}`,
      ...same,
    ]),
  ]
}

function breaks(whose: string): string {
  return `**This is the step that can break the mesh**: from here on a workload whose certificate is ${whose} is rejected.`
}

function lookBefore(why: string, wrong: string, meshes: Meshes, lines: readonly string[]): string[] {
  const ztunnels = meshes.ambient ? '; the second half does the same for ztunnels' : ''
  return [
    [
      commands(
        `${why} Before the merge look at every proxy, not at a sample. This prints ${wrong}, and how many it has looked at${ztunnels}:`,
        lines,
      ),
      commands(
        'That sees only proxies that are connected to istiod, and one that has lost it still has its old trust and certificate. This prints running pods whose proxy is not connected, and how many run:',
        proxiesNotConnected(meshes),
      ),
      'If either prints a proxy, or fewer were looked at than run, or none runs, do not merge: restart that workload first (`kubectl rollout restart`; let a Job end, or delete its pod), and look again. No gate has waited for pods that still terminate: a gateway may take an hour (`terminationGracePeriodSeconds`).',
    ].join('\n\n'),
  ]
}

/** Trust in a root goes that may have signed: `retire`, and `abandon` of what was promoted, and demoted again or reverted. */
function dropsSigner({ decision, clusters }: Story): boolean {
  if (decision.step !== 'abandon') return decision.step === 'retire'
  return clusters.some(({ hasBarrier }) => hasBarrier)
}

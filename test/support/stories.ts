import { pullRequest } from '../../src/plan/index.ts'
import type { ChangeSet, ClusterStory, Story } from '../../src/plan/index.ts'
import { decide, hasBarrier } from '../../src/rotation/index.ts'
import type { DecisionFacts, Step, Testimony } from '../../src/rotation/index.ts'
import { factsOf, makeConfig, merge, somebody, takeAll, workloadOf } from './mesh.ts'

export const istiod = workloadOf('Deployment/istio-system/istiod', { role: 'control-plane' })
export const cart = workloadOf('Deployment/shop/cart')

/** What a step tells of its clusters: an istiod and a cart each. */
export function storyOf(
  facts: DecisionFacts,
  step: Step,
  testimony: Testimony = somebody,
  more: Partial<ClusterStory> = {},
  force: string | null = null,
): Story {
  const decision = decide(step, facts, testimony, force)
  const after = merge(facts, decision, undefined, [istiod, cart])
  const clusters = after.clusters.map(({ record, restarts }, index): ClusterStory => ({
    name: record.cluster,
    move: decision.moves[index]!,
    record,
    restarts: restarts!,
    istioNamespace: 'istio-system',
    controller: makeConfig().clusters[0]!.controller,
    managed: 'own',
    secretOwner: null,
    outside: [],
    hasBarrier: hasBarrier(step, facts.clusters[index]!),
    multiRoot: false,
    ...more,
  }))
  return {
    decision,
    config: makeConfig(),
    directory: 'mesh-ca',
    mesh: after.mesh,
    extraRoots: [],
    clusters,
    findings: [],
    issued: step === 'stage',
  }
}
/** The one change set of a step. */
export const whole = (more: Partial<ChangeSet> = {}): ChangeSet => ({
  name: 'restarts',
  position: 1,
  of: 1,
  clusters: ['prod'],
  write: new Map([['mesh-ca/mesh.yaml', new Uint8Array()]]),
  remove: ['mesh-ca/old.yaml'],
  ...more,
})
export const bodyOf = (story: Story, set = whole()): string => pullRequest(story, set, 'mesh-ca/x', null).body
/** Where a mesh of one cluster stands after these steps. */
export const at = (...before: readonly Step[]): DecisionFacts => takeAll(factsOf(), before)

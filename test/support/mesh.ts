import { sha256 } from '../../src/base/index.ts'
import type { WorkloadId } from '../../src/base/index.ts'
import { parseConfig } from '../../src/mesh/index.ts'
import type { Config } from '../../src/mesh/index.ts'
import type { Certificate } from '../../src/pki/index.ts'
import { freezeRestarts, successor } from '../../src/plan/index.ts'
import type { ChosenRestart } from '../../src/plan/index.ts'
import { decide, follow, rootBundleText, stateOf } from '../../src/rotation/index.ts'
import type {
  ClusterRecord,
  Decision,
  DecisionFacts,
  Generation,
  MeshRecord,
  RestartList,
  Step,
  StepFacts,
  Testimony,
  Transition,
} from '../../src/rotation/index.ts'
import type { Discovery, Workload } from '../../src/workloads/index.ts'
import { makeCa } from '../pki/made-ca.ts'
import type { MadeCa } from '../pki/made-ca.ts'

export const now = new Date('2030-06-01T12:00:00Z')
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A small configuration; `more` is YAML behind it, `cluster` YAML inside each cluster. */
export function configText(more = '', names: readonly string[] = ['prod'], cluster = ''): string {
  const clusters = names.map(
    (name) => `  - name: ${name}
    paths: [clusters/${name}]
    istio: { version: 1.30.3 }
    cacerts: { file: mesh-ca/clusters/${name}/cacerts/cacerts.sops.yaml, managed: own }
    controller: { type: flux, source: { kind: GitRepository, name: flux-system }, register: clusters/${name}/mesh-ca.yaml }
${cluster}`,
  )
  return `version: 1\nmesh: shop\nclusters:\n${clusters.join('')}${more}`
}

export const makeConfig = (more = '', names?: readonly string[], cluster?: string): Config =>
  parseConfig(bytesOf(configText(more, names, cluster)), 'mesh-ca/reroot.yaml')

/** The same configuration for clusters that Argo CD applies. */
export function argocdText(more = '', names?: readonly string[], cluster?: string): string {
  return configText(more, names, cluster).replaceAll(
    /controller: \{ type: flux, .* register: clusters\/(.*)\/mesh-ca\.yaml \}/g,
    'controller: { type: argocd, project: platform, repoURL: "https://git.example/shop/platform.git", destination: { name: $1 }, register: argocd/mesh-ca-$1.yaml }',
  )
}

export const argocdConfig = (more = '', names?: readonly string[], cluster?: string): Config =>
  parseConfig(bytesOf(argocdText(more, names, cluster)), 'mesh-ca/reroot.yaml')

const plainConfig = makeConfig()

const roots = new Map<string, MadeCa>()
const intermediates = new Map<string, MadeCa>()

/** The root of a generation, made when it is asked for first. */
export function rootOf(id: string): MadeCa {
  const made =
    roots.get(id) ??
    makeCa({
      name: [
        { type: 'O', value: 'shop' },
        { type: 'CN', value: `root ${id}` },
      ],
    })
  roots.set(id, made)
  return made
}

/** The intermediate of a cluster under a generation. */
export function intermediateOf(id: string, cluster = 'prod'): Certificate {
  const key = `${id}/${cluster}`
  const made =
    intermediates.get(key) ??
    makeCa({
      issuer: rootOf(id),
      name: [
        { type: 'L', value: cluster },
        { type: 'CN', value: `intermediate ${id}` },
      ],
    })
  intermediates.set(key, made)
  return made.certificate
}

export const generation = (id: string): Generation => ({
  id,
  origin: id === 'g1' ? 'adopted' : 'issued',
  rootKey: id === 'g1' ? 'unknown' : 'sealed',
  certificate: rootOf(id).certificate,
})

/** A mesh that has had the generations up to this number. */
export const meshOf = (highest: number): MeshRecord => ({
  mesh: 'shop',
  generations: Array.from({ length: highest }, (_, index) => generation(`g${index + 1}`)),
})

/** A cluster as `init` leaves it. */
export function adopted(cluster = 'prod'): ClusterRecord {
  const phase = { phase: 'steady', signer: 'g1' } as const
  return {
    cluster,
    phase,
    state: stateOf(phase),
    rootBundle: sha256(rootBundleText(meshOf(1), phase, [], null)),
    adoptedRootBundle: null,
    intermediates: [{ generation: 'g1', state: 'active', certificate: intermediateOf('g1', cluster) }],
    transitions: [],
  }
}

export const nobody: Testimony = { confirmed: null, gatePassed: new Map() }
export const somebody: Testimony = { confirmed: 'seen with istioctl', gatePassed: new Map() }

/** What `decide` is told: clusters that `init` has taken over. */
export function factsOf(names: readonly string[] = ['prod']): DecisionFacts {
  return {
    mesh: meshOf(1),
    clusters: names.map((name) => ({ record: adopted(name), restarts: null, managed: 'own' })),
    usedGenerations: [],
    workloadCertificateHours: 24,
    now,
  }
}

/** The facts once the step is merged in the clusters named (default: all), as the plan would have it. */
export function merge(
  facts: DecisionFacts,
  decision: Decision,
  where = facts.clusters.map(({ record }) => record.cluster),
  workloads: readonly Workload[] = [],
): DecisionFacts {
  const brings = decision.step === 'stage' || decision.step === 'replace'
  const number = Number(decision.generation.slice(1))
  const mesh = brings ? meshOf(Math.max(number, facts.mesh.generations.length)) : facts.mesh
  const clusters = facts.clusters.map((cluster): StepFacts => {
    const { record } = cluster
    const move = decision.moves.find((one) => one.cluster === record.cluster)
    if (move === undefined || move.merged || !where.includes(record.cluster)) return cluster
    const fresh = brings ? intermediateOf(decision.generation, record.cluster) : null
    const restarts = listFor(decision, cluster, workloads)
    return { ...cluster, record: successor(record, move, decision, mesh, [], fresh), restarts }
  })
  return { ...facts, mesh, clusters }
}

/** The list that the step freezes in a cluster: every workload by a Job. */
export function listFor(decision: Decision, cluster: StepFacts, workloads: readonly Workload[]): RestartList {
  const discovery = discoveryOf({ cluster: cluster.record.cluster, workloads })
  return freezeRestarts({
    id: decision.id,
    step: decision.step,
    config: plainConfig,
    record: cluster.record,
    before: cluster.restarts,
    discovery,
    restarts: workloads.map((source) => restartOf(source)),
  })
}

/** Decides a step and merges it everywhere. */
export function take(facts: DecisionFacts, step: Step, testimony = somebody): DecisionFacts {
  return merge(facts, decide(step, facts, testimony, null))
}

export const takeAll = (facts: DecisionFacts, steps: readonly Step[]): DecisionFacts => steps.reduce((at, step) => take(at, step), facts)

/** A record of nothing but transitions: `stage g2`, `promote g2` … with the ids that reroot gives. */
export function transitionsOf(...ids: readonly (readonly [Step, string, string])[]): readonly Transition[] {
  return ids.map(([step, id, from]) => ({ id, step, from, evidence: null, forced: null }))
}

export function workloadOf(id: `${WorkloadId['kind']}/${string}/${string}`, more: Partial<Omit<Workload, 'id'>> = {}): Workload {
  const [kind, namespace, name] = id.split('/') as [WorkloadId['kind'], string, string]
  return {
    id: { kind, namespace, name },
    cluster: 'prod',
    role: 'sidecar',
    rule: `namespace ${namespace} has istio-injection=enabled`,
    owner: { kind: 'yaml', controller: 'flux-system/apps' },
    definition: { file: `apps/${name}.yaml`, document: 0, line: 1 },
    hindrance: null,
    carried: null,
    syncWave: 0,
    replaced: false,
    ...more,
  }
}

export const restartOf = (source: Workload, more: Partial<ChosenRestart> = {}): ChosenRestart => ({
  workload: source.id,
  source,
  ordered: false,
  delivery: 'job',
  drain: 'restart',
  file: null,
  at: null,
  why: 'a Job keeps the order',
  ...more,
})

export function discoveryOf(more: Partial<Discovery> = {}): Discovery {
  return {
    cluster: 'prod',
    workloads: [],
    outside: [],
    namespaces: [],
    opaque: [],
    settled: [],
    certificateLifetimes: [],
    controllers: [],
    istio: [],
    cacerts: [],
    argocd: null,
    findings: [],
    ...more,
  }
}

/** Whether a record hangs together by itself. */
export const followsFrom = ({ transitions, state, phase }: ClusterRecord): boolean => {
  const history = follow(transitions, state)
  return history.ok && JSON.stringify(history.phase) === JSON.stringify(phase) && stateOf(phase) === state
}

/** The error that a call throws. */
export function thrown(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return 'nothing was thrown'
}

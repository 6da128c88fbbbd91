import { RerootError } from '../base/index.ts'
import type { StepFacts } from './evidence.ts'
import { commandOf, describePhase, namedGeneration, stateOf } from './phase.ts'
import type { Phase, Step } from './phase.ts'
import { lastTransition } from './record.ts'
import type { MeshRecord, Transition } from './record.ts'
import type { GenerationId, RestartId } from './types.ts'
import { momentText } from './write-record.ts'

const legal: Readonly<Record<Phase['phase'], string>> = {
  steady: '`stage`',
  staged: '`promote`, or `rollback` to abandon',
  promoted: '`retire`, or `rollback` to demote',
}

/** The step does not lead anywhere from the phase of this cluster. */
export function illegal(step: Step, cluster: StepFacts): RerootError {
  const { phase } = cluster.record
  return new RerootError('REFUSED', `${step} is not possible: ${cluster.record.cluster} is ${describePhase(phase)}`, {
    hint: `what is possible now: ${legal[phase.phase]}. A step counts only once its pull request is merged`,
  })
}

/** The clusters are not where one step could take them all on. */
export function standApart(clusters: readonly StepFacts[]): RerootError {
  const table = clusters.map(({ record }) => `${record.cluster} is in ${stateOf(record.phase)}`).join(', ')
  return new RerootError('REFUSED', `the clusters of the mesh stand apart: ${table}`, {
    hint: 'a step must be complete in all clusters before the next one starts anywhere: run the step that some have not taken yet, or `reroot rollback`, which takes back those that took it',
  })
}

/** What a cluster has held and lost again cannot be given a second time under the same id: what still carries it would not restart. */
export function revertedAlone(id: RestartId, lost: StepFacts, begun: readonly StepFacts[]): RerootError {
  const others = begun.map(({ record }) => record.cluster).join(', ')
  return new RerootError('REFUSED', `${id} was merged in ${lost.record.cluster}, and reverted there: workloads may carry it from before`, {
    hint: `\`reroot rollback\` takes it back in ${others} as well; once that is complete, the step can be taken anew, under another id`,
  })
}

/** A part of the step before is not merged: no word of anybody's stands in for it. */
export function mergedInPart(step: Step, last: Transition, lacks: readonly string[]): RerootError {
  return new RerootError('REFUSED', `${step} needs the whole of ${last.id}:\n  - ${lacks.join('\n  - ')}`, {
    hint: `run \`reroot ${commandOf(last.step)}\` again for the next part of ${last.id}, and merge that`,
  })
}

/** The barrier stands: evidence is lacking. @param isReverted somewhere a merge was reverted: no time counts. */
export function incomplete(step: Step, last: readonly string[], lacks: readonly string[], hours: number, isReverted: boolean): RerootError {
  const these = last.join(' and ')
  return new RerootError(
    'REFUSED',
    `${step} needs evidence that ${these} ${last.length === 1 ? 'is' : 'are'} complete:\n  - ${lacks.join('\n  - ')}`,
    {
      hint: [
        'check that every workload follows (`istioctl proxy-config secret`, or wait until the longest certificate has expired), then give one of',
        '  --confirmed "<what was checked>"            your word, which goes into the record and the pull request',
        ...(isReverted
          ? []
          : [`  --gate-passed <cluster>=<time>              when the control plane’s gate of ${these} passed; counts after ${hours} h`]),
        '  --force --reason "<why>"                    overrides the barrier; it is recorded',
      ].join('\n'),
    },
  )
}

/** What the phase would allow, but the keys and certificates of a cluster do not; `null` if they do. */
export function unfit(step: Step, cluster: StepFacts, to: Phase, mesh: MeshRecord, now: Date): RerootError | null {
  if (step === 'restore' && to.phase === 'promoted') return expiredRoot(to.retiring, mesh, now)
  if (step !== 'promote' && step !== 'demote') return null

  // The signer changes to one whose sealed states `stage` has made.
  const { record } = cluster
  const signer = record.intermediates.findLast((one) => one.generation === to.signer && one.state !== 'former')
  if (signer === undefined) {
    return new RerootError(
      'REFUSED',
      `${step} is not possible: no sealed state of ${record.cluster} holds a key of ${to.signer} any more`,
      {
        hint: `${lastTransition(record)?.id ?? 'restore'} brought back the root of ${to.signer}, but not its key, which \`retire\` removed: go on with \`reroot retire\``,
      },
    )
  }
  const { notBefore, notAfter } = signer.certificate
  if (notBefore > now) return notYetValid(step, record.cluster, to.signer, notBefore, now)
  if (notAfter > now) return null
  return new RerootError(
    'REFUSED',
    `${step} is not possible: the intermediate of ${record.cluster} under ${to.signer} expired at ${momentText(notAfter)}`,
    {
      hint: `it cannot sign any more: ${step === 'promote' ? `\`reroot rollback\` gives up ${namedGeneration(to)}; then stage a new one` : 'go on with `reroot retire`'}`,
    },
  )
}

/** One of two clocks is wrong, and from here nobody can tell which. */
function notYetValid(step: Step, cluster: string, generation: GenerationId, notBefore: Date, now: Date): RerootError {
  return new RerootError(
    'REFUSED',
    `${step} is not possible: the intermediate of ${cluster} under ${generation} is valid only from ${momentText(notBefore)}, and this machine's clock says ${momentText(now)}`,
    {
      hint: `set the clock of this machine right. If it is right, the clock was wrong where ${generation} was made: ${step === 'promote' ? '`reroot rollback` gives it up; then stage a new one' : 'go on with `reroot retire`'}`,
    },
  )
}

function expiredRoot(id: string, mesh: MeshRecord, now: Date): RerootError | null {
  const notAfter = mesh.generations.find((generation) => generation.id === id)?.certificate.notAfter
  if (notAfter === undefined || notAfter > now) return null
  return new RerootError('REFUSED', `restore is not possible: the root ${id} expired at ${momentText(notAfter)}`, {
    hint: 'nothing that it signed is valid any more: stay with the present root, or `reroot stage` the next one',
  })
}

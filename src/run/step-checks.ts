import { RerootError } from '../base/index.ts'
import type { Finding, Place } from '../base/index.ts'
import { applicationName } from '../plan/index.ts'
import { commandOf, generationIn, generationOf, lastTransition, momentText } from '../rotation/index.ts'
import type { Decision, Evidence, RestartId, StepFacts, Testimony } from '../rotation/index.ts'
import type { Discovery } from '../workloads/index.ts'
import type { Base } from './base.ts'
import type { Context } from './context.ts'
import type { Loaded, LoadedCluster } from './load.ts'
import type { Pasts } from './step-facts.ts'

/**
 * Refuses a testimony that cannot be true whatever the history says: of a cluster that does not exist, or of the future.
 * @throws RerootError USAGE.
 */
export function checkTestimony(loaded: Loaded, testimony: Testimony, now: Date): void {
  for (const [name, passed] of testimony.gatePassed) {
    const cluster = loaded.clusters.find((one) => one.config.name === name)
    if (cluster === undefined) {
      throw new RerootError('USAGE', `--gate-passed names ${name}, which is no cluster of this mesh`, {
        hint: `the clusters are: ${loaded.clusters.map((one) => one.config.name).join(', ')}`,
      })
    }
    if (passed > now) throw impossibleGate(name, passed, 'it is in the future', gateTimeHint)
  }
}

const gateTimeHint = 'read the time off the Job of the control plane\u2019s gate: status.completionTime'

function impossibleGate(cluster: string, passed: Date, why: string, hint: string): RerootError {
  return new RerootError('USAGE', `--gate-passed ${cluster}=${momentText(passed)} cannot be: ${why}`, { hint })
}

// Clocks of people, forges and clusters differ.
const skewMilliseconds = 5 * 60_000

/**
 * Refuses the time of another step's gate: it passed before the step that it is to vouch for was committed. Where the history does not tell when
 * that was, the root of the step bounds it; its certificate is dated back, so it says less.
 * @throws RerootError USAGE.
 */
export function checkGateTimes(loaded: Loaded, testimony: Testimony, pasts: Pasts): void {
  for (const { config, record } of loaded.clusters) {
    const passed = testimony.gatePassed.get(config.name)
    const last = lastTransition(record)
    if (passed === undefined || last === null) continue
    const since = pasts.get(config.name)?.since ?? null
    if (since === null) refuseBeforeRoot(loaded, config.name, passed, last.id)
    else if (passed.getTime() < since.getTime() - skewMilliseconds)
      throw impossibleGate(
        config.name,
        passed,
        `${last.id} was committed at ${momentText(since)}, and its gates passed after that`,
        `it is the time of another step’s Job: the name of the one that is wanted begins with mesh-ca-${last.id.replaceAll('.', '-')}; without it, ${last.id} has not passed yet`,
      )
  }
}

function refuseBeforeRoot(loaded: Loaded, cluster: string, passed: Date, id: RestartId): void {
  const generation = generationOf(id)
  if (generation === null) return
  const { notBefore } = generationIn(loaded.mesh, generation).certificate
  if (passed < notBefore)
    throw impossibleGate(cluster, passed, `the root of ${generation} is valid only from ${momentText(notBefore)}`, gateTimeHint)
}

/**
 * New certificates are of no use to clusters for whom they lie in the future. The clusters' clocks cannot be seen from here; the last commit can.
 */
export async function sayIfClockIsOff(context: Pick<Context, 'git' | 'clock' | 'terminal'>, base: Base): Promise<void> {
  const [now, last] = [context.clock.now(), await context.git.commitTime(base.commit)]
  const days = (now.getTime() - last.getTime()) / 86_400_000
  if (days > -1 && days < 365) return
  context.terminal.say(
    `warning: this machine's clock says ${momentText(now)}, and the last commit on ${base.branch} is of ${momentText(last)}: see that the clock is right, since clusters refuse certificates that are not valid yet`,
  )
}

/**
 * Which step it is that goes on, since owners have yet to restart what it lists. For `replace`: a key that has leaked again must not wait for their
 * pull requests of the last time; nor may a root be made because one of them is late.
 */
export function sayIfOwnersAreLeft(
  { terminal }: Pick<Context, 'terminal'>,
  { step, id, moves }: Decision,
  facts: readonly StepFacts[],
): void {
  const left = facts.flatMap(({ ownersLeft }) => ownersLeft ?? [])
  if (left.length === 0 || moves.some(({ merged }) => !merged)) return
  const more = left.length > 3 ? ` and ${left.length - 3} more` : ''
  terminal.say(
    `going on with ${id}: the restarts of ${left.slice(0, 3).join(', ')}${more} by their owners are not on the branch${step === 'replace' ? '; --reissue makes another root instead' : ''}`,
  )
}

/** A word that nothing waits for goes into no record: whoever gave it should not rely on it. */
export function sayIfNotRecorded(
  { terminal }: Pick<Context, 'terminal'>,
  { step, moves }: Decision,
  { confirmed, gatePassed }: Testimony,
  force: string | null,
): void {
  const taken = moves.filter(({ merged }) => !merged)
  // The rest of a step repeats the evidence that it was planned with, behind a few words.
  const isRecorded = (kind: Evidence['kind'], word: string): boolean =>
    taken.some(({ evidence }) => evidence?.kind === kind && evidence.detail.includes(word))
  const isWordRecorded = confirmed !== null && isRecorded('person', confirmed)
  const areTimesRecorded = [...gatePassed.values()].some((time) => isRecorded('elapsed', time.toISOString()))
  const idle = [
    ...(confirmed === null || isWordRecorded ? [] : ['--confirmed']),
    ...(gatePassed.size === 0 || areTimesRecorded ? [] : ['--gate-passed']),
  ]
  const isForced = taken.some(({ forced }) => forced !== null)
  if (force !== null && !isForced) terminal.say(`note: --force is not recorded: nothing stands against this ${commandOf(step)}`)
  if (idle.length === 0) return
  const why = isWordRecorded ? '--confirmed says enough' : isForced ? '--force is' : `nothing of this ${commandOf(step)} waits for a word`
  terminal.say(`note: ${idle.join(' and ')} ${idle.length === 1 ? 'is' : 'are'} not recorded: ${why}`)
}

/** What is read must be what the controllers read: the file on the branch may name another one than the checkout does. */
export function refuseOtherBranch(loaded: Loaded, base: Base): void {
  const { branch, remote } = loaded.config.git
  if (base.remote === null || (branch === base.branch && remote === base.remote)) return
  throw new RerootError(
    'REFUSED',
    `${loaded.layout.config} on ${base.remote}/${base.branch} says that the controllers read ${remote}/${branch}`,
    {
      hint: 'bring your checkout up to date, or correct git.branch on the branch that the controllers read',
    },
  )
}

/** If the controller does not pick reroot's directory up, nothing of a step is applied, and no gate holds anything. */
export function unregistered({ config }: Pick<LoadedCluster, 'config'>, discovery: Discovery): readonly Finding[] {
  const { register } = config.controller
  const { controller, kind, id } = ownObject(config)
  if (discovery.controllers.some((one) => one.id === id)) return []
  return [
    {
      id: 'restart/unregistered',
      severity: 'error',
      place: { cluster: config.name, file: register },
      message: `${controller} does not pick up reroot’s directory, so nothing of the step would be applied`,
      expected: `the ${kind} ${id} among what ${controller === 'Flux' ? 'the cluster’s Flux applies' : 'clusters[].paths hold or lead to'}`,
      found: `no such ${kind}`,
      remedy: `take ${register} back from git history, and list it in the kustomization of its folder if there is one`,
    },
  ]
}

/** reroot's own Kustomization or Application of a cluster. */
function ownObject({ name, controller: { type, namespace } }: LoadedCluster['config']): {
  readonly controller: 'Flux' | 'Argo CD'
  readonly kind: 'Kustomization' | 'Application'
  readonly id: string
} {
  return type === 'flux'
    ? { controller: 'Flux', kind: 'Kustomization', id: `${namespace}/mesh-ca` }
    : { controller: 'Argo CD', kind: 'Application', id: `${namespace}/${applicationName(name)}` }
}

/**
 * A step writes the file that `register` names. Where the object is in another one two files would define it, and kustomize refuses all of what the
 * cluster syncs. reroot does not move the file itself: it cannot tell whether what applies it there would prune what another has applied.
 * @param place of `register` in `reroot.yaml`.
 */
export function registeredElsewhere(
  { config }: Pick<LoadedCluster, 'config'>,
  discovery: Discovery,
  place: () => Place,
): readonly Finding[] {
  const { register } = config.controller
  const { controller, kind, id } = ownObject(config)
  const files = discovery.controllers.filter((one) => one.id === id).map(({ site }) => site.file)
  const [file] = files
  if (file === undefined || files.includes(register)) return []
  return [
    {
      id: 'restart/registered-elsewhere',
      severity: 'error',
      place: { cluster: config.name, ...place() },
      message: `${controller} picks up reroot’s ${kind} ${id} from another file, and two would define it`,
      expected: file,
      found: register,
      remedy: `write \`register: ${file}\` again; or move the file yourself in the commit that changes reroot.yaml: \`git mv ${file} ${register}\`, and its entry in the kustomization that lists it. Whoever applies it here must apply it there, or would delete the object`,
    },
  ]
}

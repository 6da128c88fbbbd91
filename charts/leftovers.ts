import type { WorkloadId } from '../src/base/index.ts'
import type { EntryGate, StateId } from '../src/rotation/index.ts'
import { annotatedCall, patchCall, rolledOutCall } from './calls.ts'
import { callName } from './names.ts'
import { namespaceCall } from './namespaces.ts'
import { renderStubs, restartPatch, rootsStub, shares, workloadStub } from './objects.ts'
import type { Stub } from './objects.ts'
import type { ClusterProps } from './props.ts'
import { gateFolder } from './run.ts'
import type { Call, RunFile } from './run.ts'
import { nothingScript, restartScript } from './scripts.ts'

/** A wave of the step before, or a share of one, as the entry gate finishes it. */
export interface Leftover {
  readonly wave: string
  /** `02`: the order over all waves. */
  readonly position: string
  /** What the entry gate restarts itself. */
  readonly patched: readonly WorkloadId[]
  /** All that must have restarted, by whomever. */
  readonly awaited: readonly WorkloadId[]
  readonly namespaces: readonly string[]
}

// Kubernetes puts the variable's value here; without a value the words stay as they are, and name a folder as well.
const presentState = '$(STATE)'

/** The folder of the state that the cluster is in when a container starts. */
export const presentFolder = `${gateFolder}/${presentState}`

/** The waves in their order. One of very many workloads is taken share by share; namespaces that Git does not show come last in it. */
export function leftoversOf(waves: EntryGate['waves']): readonly Leftover[] {
  const parts = waves.flatMap((wave) => {
    const all = wave.restarts.length === 0 ? [[]] : shares(wave.restarts)
    return all.map((restarts, index) => ({ wave: wave.name, restarts, namespaces: index === all.length - 1 ? wave.namespaces : [] }))
  })
  return parts.map(({ wave, restarts, namespaces }, index) => ({
    wave,
    position: String(index + 1).padStart(2, '0'),
    // What the controller merged is reached by a Job as well, and is not in Git any more.
    patched: restarts.filter((restart) => restart.delivery !== 'owner').map((restart) => restart.workload),
    awaited: restarts.map((restart) => restart.workload),
    namespaces,
  }))
}

/** Restarts one wave with the id of the step before, and waits for it. What carries the id already stays as it is. */
export function leftoverCalls(cluster: ClusterProps, leftover: Leftover, id: string): readonly Call[] {
  const { patched, awaited, namespaces, position, wave } = leftover
  const at = `${presentFolder}/${folderOf(leftover)}`
  const calls: readonly Call[] = [
    ...(patched.length === 0 ? [] : [patchCall(`${at}/restart.yaml`, `--patch-file=${presentFolder}/restart.json`)]),
    ...(awaited.length === 0 ? [] : [annotatedCall(`${at}/restarted.yaml`, id), rolledOutCall(`${at}/rolled-out.yaml`)]),
    ...(namespaces.length === 0 ? [] : [{ ...namespaceCall(cluster, `${presentFolder}/restart.sh`, namespaces, id), name: 'namespaces' }]),
  ]
  return calls.map((call) => ({ ...call, name: callName(call.name, position, wave) }))
}

export interface StateFilesProps {
  readonly before: StateId
  readonly after: StateId
  /** Of the step before; `null`: it restarted nothing. */
  readonly id: string | null
  /** The first step after `init`: what `init` brought need not have been applied. */
  readonly first: boolean
  readonly leftovers: readonly Leftover[]
  /** Namespaces whose roots are looked at. */
  readonly roots: readonly string[]
  /** The Job: its template carries the id. */
  readonly self: Stub
}

/**
 * A folder for each state in which the gate is passable. Where the step has happened its files do nothing. Before the first step there may be
 * no state yet: then the roots are looked at all the same, since what `init` took over must be what the mesh serves.
 */
export function stateFiles(props: StateFilesProps): readonly RunFile[] {
  const before = props.before === props.after ? [] : beforeFiles(props, props.first ? [props.before, presentState] : [props.before])
  return [...before, ...passedFiles(props, [props.after])].filter((file) => file.paths.length > 0)
}

type PlacedFile = RunFile & { readonly paths: readonly string[] }

function beforeFiles({ before, id, leftovers, roots }: StateFilesProps, rooted: readonly StateId[]): readonly PlacedFile[] {
  const waves = leftovers.flatMap((leftover): PlacedFile[] => {
    const { patched, awaited } = leftover
    const folder = folderOf(leftover)
    const paths = (...names: readonly string[]): string[] => names.map((name) => `${before}/${folder}/${name}.yaml`)
    const stubs = (workloads: readonly WorkloadId[]): string => renderStubs(workloads.map(workloadStub))
    if (patched.length === awaited.length) {
      return awaited.length === 0
        ? []
        : [{ key: `${folder}.yaml`, text: stubs(awaited), paths: paths('restart', 'restarted', 'rolled-out') }]
    }
    return [
      { key: `${folder}.yaml`, text: stubs(awaited), paths: paths('restarted', 'rolled-out') },
      ...(patched.length === 0 ? [] : [{ key: `${folder}.job.yaml`, text: stubs(patched), paths: paths('restart') }]),
    ]
  })
  return [
    ...waves,
    { key: 'restart.json', text: id === null ? '' : `${restartPatch(id)}\n`, paths: patches(leftovers) ? [`${before}/restart.json`] : [] },
    { key: 'restart.sh', text: restartScript, paths: hasNamespaces(leftovers) ? [`${before}/restart.sh`] : [] },
    { key: 'roots.yaml', text: renderStubs(roots.map(rootsStub)), paths: rooted.map((state) => `${state}/roots.yaml`) },
  ]
}

/**
 * `rollout status` and `get` are content with an empty list; `patch` and `wait` are not: for them there is the Job itself, which an empty
 * patch leaves as it is, and whose template carries the id.
 */
function passedFiles({ leftovers, self }: StateFilesProps, passed: readonly StateId[]): readonly PlacedFile[] {
  const places = (name: string): string[] => passed.map((state) => `${state}/${name}`)
  const inWaves = (of: readonly Leftover[], name: string): string[] =>
    of.flatMap((leftover) => places(`${folderOf(leftover)}/${name}.yaml`))
  const patched = leftovers.filter((leftover) => leftover.patched.length > 0)
  const awaited = leftovers.filter((leftover) => leftover.awaited.length > 0)
  return [
    { key: 'self.yaml', text: renderStubs([self]), paths: [...inWaves(patched, 'restart'), ...inWaves(awaited, 'restarted')] },
    { key: 'nothing.yaml', text: renderStubs([]), paths: [...inWaves(awaited, 'rolled-out'), ...places('roots.yaml')] },
    { key: 'nothing.json', text: '{}\n', paths: patches(leftovers) ? places('restart.json') : [] },
    { key: 'nothing.sh', text: nothingScript, paths: hasNamespaces(leftovers) ? places('restart.sh') : [] },
  ]
}

function patches(leftovers: readonly Leftover[]): boolean {
  return leftovers.some((leftover) => leftover.patched.length > 0)
}

/** Whether a shell is needed, for namespaces that Git does not show. */
export function hasNamespaces(leftovers: readonly Leftover[]): boolean {
  return leftovers.some((leftover) => leftover.namespaces.length > 0)
}

function folderOf({ position, wave }: Leftover): string {
  return `${position}-${wave}`
}

import type { Chart } from 'cdk8s'
import { cacertsSyncWave, controlPlaneWave, linkName, restartsAnything, stateSyncWave } from '../src/plan/index.ts'
import type { EntryGate, RestartList, Wave } from '../src/rotation/index.ts'
import { renderApplication, renderComplete } from './argocd.ts'
import { renderCacerts } from './cacerts.ts'
import { EntryGateRun } from './entry-gate.ts'
import { renderChain, renderPickUp } from './flux.ts'
import type { Link } from './flux.ts'
import { StateGate, WaveGate } from './gates.ts'
import { renderKustomization, renderSome } from './manifest.ts'
import { MergedRestarts } from './merges.ts'
import { checkWaveName } from './names.ts'
import { NamespaceGate, NamespaceRestarts } from './namespaces.ts'
import type { ClusterProps, FluxProps } from './props.ts'
import { RestartRun } from './restarts.ts'

type Files = ReadonlyMap<string, string>

/**
 * Everything but Secrets that a cluster's directory holds, by path relative to the repository's root, sorted.
 * @throws TypeError if the values contradict each other; whoever reads the configuration refuses that before.
 */
export function renderCluster(props: ClusterProps): Files {
  for (const wave of props.step?.waves ?? []) checkWaveName(wave.name)
  const { controller } = props
  const working = props.step === null ? [] : props.step.waves.filter(restartsAnything)
  const waves = controller.type === 'flux' ? withControlPlane(working) : working
  if (new Set(waves.map((wave) => linkName(wave.name))).size < waves.length)
    throw new TypeError(`two waves of cluster ${props.cluster} have one name`)
  const own = props.cacerts.managed === 'own'
  const argocd = controller.type === 'argocd'
  const at = (path: string): string => `${props.directory}/${path}`
  // A link of Flux's chain builds its folder also when it is empty; kustomize refuses to include an empty one.
  const folder = (path: string, about: string, inside: Files): Files =>
    argocd && inside.size === 0 ? new Map() : kustomizationOf(path, about, inside)
  const files = new Map<string, string>([
    ...(own ? renderCacerts(props) : []),
    ...folder(at(entryFolder), aboutEntry[props.cacerts.managed], entryFiles(props, argocd ? entrySyncWave : null)),
    ...waves.flatMap((wave, index) => [
      ...folder(
        at(waveFolder(wave, index)),
        `Wave ${wave.name}: restarts and the gate behind them.`,
        waveFiles(props, wave, argocd ? firstSyncWave + 2 * index : null),
      ),
    ]),
  ])
  for (const [path, text] of controller.type === 'flux' ? chain(props, controller, waves) : collection(props, files, waves.length))
    files.set(at(path), text)
  return new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The one reference by which the cluster's controller picks up reroot's directory. */
export function renderRegister(props: ClusterProps): string {
  const { controller } = props
  return controller.type === 'flux' ? renderPickUp({ ...props, controller }) : renderApplication(props, controller)
}

const entryFolder = 'waves/00-entry-gate'

// Argo CD's sync waves: the entry gate, the Secret, its state, then each wave's restarts and its gate behind them.
const entrySyncWave = cacertsSyncWave - 1
const firstSyncWave = stateSyncWave(cacertsSyncWave) + 1

/** Flux keeps the order by a chain of Kustomizations, a link for each folder. */
function chain(props: ClusterProps, controller: FluxProps, waves: readonly Wave[]): Files {
  const links: readonly Link[] = [
    { name: linkName('entry-gate'), folder: entryFolder, sealed: false },
    ...(props.cacerts.managed === 'own' ? [{ name: linkName('cacerts'), folder: 'cacerts', sealed: true }] : []),
    ...waves.map((wave, index) => ({ name: linkName(wave.name), folder: waveFolder(wave, index), sealed: false })),
  ]
  return new Map([
    ['kustomization.yaml', renderKustomization('Only the chain: what lies beside it are no Kubernetes objects.', ['flux.yaml'])],
    ['flux.yaml', renderChain({ ...props, controller }, links)],
  ])
}

/** Argo CD builds all of it at once, and keeps the order by the sync waves of the objects. */
function collection(props: ClusterProps, files: Files, waves: number): Files {
  const prefix = `${props.directory}/`
  const folders = [...files.keys()]
    .filter((path) => path.endsWith('/kustomization.yaml'))
    .map((path) => path.slice(prefix.length, -'/kustomization.yaml'.length))
  const order = (path: string): string => (path === 'cacerts' ? `${entryFolder}~` : path)
  const resources = folders.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
  const about =
    'All that Argo CD applies to the cluster for the mesh CA, in the order of its sync waves; the other files are no Kubernetes objects.'
  if (props.step === null || waves === 0) return new Map([['kustomization.yaml', renderKustomization(about, resources)]])
  return new Map([
    ['kustomization.yaml', renderKustomization(about, [...resources, 'complete.yaml'])],
    ['complete.yaml', renderComplete(props, props.step, firstSyncWave + 2 * waves)],
  ])
}

/** The link of the control plane is always there, if need be empty: other Kustomizations may depend on it. */
function withControlPlane(waves: readonly Wave[]): readonly Wave[] {
  return waves.some((wave) => wave.name === controlPlaneWave) ? waves : [{ name: controlPlaneWave, restarts: [], namespaces: [] }, ...waves]
}

function waveFolder(wave: Wave, index: number): string {
  return `waves/${String(index + 1).padStart(2, '0')}-${wave.name}`
}

function kustomizationOf(path: string, about: string, files: Files): Files {
  return new Map([
    [`${path}/kustomization.yaml`, renderKustomization(about, [...files.keys()].toSorted())],
    ...[...files].map(([name, text]) => [`${path}/${name}`, text] as const),
  ])
}

const aboutEntry: Readonly<Record<ClusterProps['cacerts']['managed'], string>> = {
  own: 'Finishes what is left of the step before, and holds this one until then.',
  'in-place': 'Holds the step until the Secret is delivered.',
}

function entryFiles(props: ClusterProps, syncWave: number | null): Files {
  const { step, cluster } = props
  if (step !== null && props.cacerts.managed === 'in-place') {
    const about = `Waits until the owner of the Secret has delivered ${props.state} in cluster ${cluster}.`
    return some([['gate.yaml', about, (chart) => void new StateGate(chart, 'entry', { cluster: props, step }), syncWave]])
  }
  const entry = step?.entry ?? null
  // An empty link holds nothing, but keeps its place: a Secret that is first in the chain would overtake the entry gate of the next step.
  if (step === null || entry === null) return new Map()
  const about = `${entryWords(entry)} in cluster ${cluster}, before the Secret changes.`
  return some([['gate.yaml', about, (chart) => void new EntryGateRun(chart, 'entry', { cluster: props, step, entry }), syncWave]])
}

function entryWords(entry: EntryGate): string {
  if (entry.roots === false) return `Holds while the step that this one takes back has not reached ${entry.state}`
  return entry.id === null
    ? `Waits until the roots of ${entry.state} are everywhere`
    : `Finishes what is left of ${entry.id} and holds until it is complete`
}

/** @param syncWave of the restarts; the gate comes behind them. */
function waveFiles(props: ClusterProps, wave: Wave, syncWave: number | null): Files {
  const step = props.step as RestartList
  if (!restartsAnything(wave)) return new Map()
  const parts = { cluster: props, step, wave }
  return some([
    [
      'restart.yaml',
      `Restarts workloads of wave ${wave.name} for ${step.id}.`,
      (chart) => void new RestartRun(chart, 'restart', parts),
      syncWave,
    ],
    [
      'merge.yaml',
      `Restarts workloads of wave ${wave.name} that nobody in Git defines, for ${step.id}: each object holds the restart and nothing else.`,
      (chart) => void new MergedRestarts(chart, 'merge', parts),
      syncWave,
    ],
    [
      'namespaces.yaml',
      `Restarts for ${step.id} what is meshed in namespaces that Git does not show.`,
      (chart) => void new NamespaceRestarts(chart, 'namespaces', parts),
      syncWave,
    ],
    [
      'gate.yaml',
      `Waits until wave ${wave.name} has restarted for ${step.id}, and the mesh sees its roots.`,
      (chart) => {
        new WaveGate(chart, 'gate', parts)
        new NamespaceGate(chart, 'namespaces', parts)
      },
      syncWave === null ? null : syncWave + 1,
    ],
  ])
}

/** Renders files, and leaves out those without objects. */
function some(parts: readonly (readonly [name: string, about: string, build: (chart: Chart) => void, syncWave: number | null])[]): Files {
  const rendered = parts.map(([name, about, build, syncWave]) => [name, renderSome(about, build, syncWave)] as const)
  return new Map(rendered.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const])))
}

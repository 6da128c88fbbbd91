import type { Chart } from 'cdk8s'
import { formatWorkloadId } from '../src/base/index.ts'
import type { EntryGate, RestartList, Wave } from '../src/rotation/index.ts'
import { renderCacerts } from './cacerts.ts'
import { EntryGateRun } from './entry-gate.ts'
import { renderChain } from './flux.ts'
import type { Link } from './flux.ts'
import { StateGate, WaveGate } from './gates.ts'
import { renderKustomization, renderSome } from './manifest.ts'
import { checkWaveName, linkName } from './names.ts'
import { NamespaceRestarts } from './namespaces.ts'
import type { ClusterProps } from './props.ts'
import { RestartRun } from './restarts.ts'

type Files = ReadonlyMap<string, string>

/**
 * Everything but Secrets that a cluster's directory holds, by path relative to the repository's root, sorted.
 * @throws TypeError if the values contradict each other; whoever reads the configuration refuses that before.
 */
export function renderCluster(props: ClusterProps): Files {
  for (const wave of props.step?.waves ?? []) checkWave(wave)
  const waves = withControlPlane(props.step === null ? [] : props.step.waves.filter(hasWork))
  const own = props.cacerts.managed === 'own'
  const links: readonly Link[] = [
    { name: linkName('entry-gate'), folder: 'waves/00-entry-gate', sealed: false },
    ...(own ? [{ name: linkName('cacerts'), folder: 'cacerts', sealed: true }] : []),
    ...waves.map((wave, index) => ({ name: linkName(wave.name), folder: waveFolder(wave, index), sealed: false })),
  ]
  if (new Set(links.map((link) => link.name)).size < links.length)
    throw new TypeError(`two waves of cluster ${props.cluster} have one name`)

  const at = (path: string): string => `${props.directory}/${path}`
  const files = new Map<string, string>([
    [at('kustomization.yaml'), renderKustomization('Only the chain: what lies beside it are no Kubernetes objects.', ['flux.yaml'])],
    [at('flux.yaml'), renderChain(props, links)],
    ...(own ? renderCacerts(props) : []),
    ...folder(at('waves/00-entry-gate'), aboutEntry[props.cacerts.managed], entryFiles(props)),
    ...waves.flatMap((wave, index) => [
      ...folder(at(waveFolder(wave, index)), `Wave ${wave.name}: restarts and the gate behind them.`, waveFiles(props, wave)),
    ]),
  ])
  return new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The link of the control plane is always there, if need be empty: other Kustomizations may depend on it. */
function withControlPlane(waves: readonly Wave[]): readonly Wave[] {
  return waves.some((wave) => wave.name === 'control-plane') ? waves : [{ name: 'control-plane', restarts: [], namespaces: [] }, ...waves]
}

/** Whether a wave restarts anything: one whose workloads all expire renders nothing. */
function hasWork(wave: Wave): boolean {
  return wave.namespaces.length > 0 || wave.restarts.some((restart) => restart.delivery !== 'none')
}

function checkWave(wave: Wave): void {
  checkWaveName(wave.name)
  const merged = wave.restarts.find((restart) => restart.delivery === 'merge')
  if (merged === undefined) return
  // kustomize-controller fills in `selector: null` where a Deployment has none, and the API server refuses that.
  throw new TypeError(
    `${formatWorkloadId(merged.workload)}: Flux cannot merge a restart without the workload's selector, which the list does not hold`,
  )
}

function waveFolder(wave: Wave, index: number): string {
  return `waves/${String(index + 1).padStart(2, '0')}-${wave.name}`
}

function folder(path: string, about: string, files: Files): Files {
  return new Map([
    [`${path}/kustomization.yaml`, renderKustomization(about, [...files.keys()].toSorted())],
    ...[...files].map(([name, text]) => [`${path}/${name}`, text] as const),
  ])
}

const aboutEntry: Readonly<Record<ClusterProps['cacerts']['managed'], string>> = {
  own: 'Finishes what is left of the step before, and holds this one until then.',
  'in-place': 'Holds the step until the Secret is delivered.',
}

function entryFiles(props: ClusterProps): Files {
  const { step, cluster } = props
  if (step !== null && props.cacerts.managed === 'in-place') {
    const about = `Waits until the owner of the Secret has delivered ${props.state} in cluster ${cluster}.`
    return some([['gate.yaml', about, (chart) => void new StateGate(chart, 'entry', { cluster: props, step })]])
  }
  const entry = step?.entry ?? null
  // An empty link holds nothing, but keeps its place: a Secret that is first in the chain would overtake the entry gate of the next step.
  if (step === null || entry === null) return new Map()
  const about = `${entryWords(entry)} in cluster ${cluster}, before the Secret changes.`
  return some([['gate.yaml', about, (chart) => void new EntryGateRun(chart, 'entry', { cluster: props, step, entry })]])
}

function entryWords(entry: EntryGate): string {
  if (entry.roots === false) return `Holds while the step that this one takes back has not reached ${entry.state}`
  return entry.id === null
    ? `Waits until the roots of ${entry.state} are everywhere`
    : `Finishes what is left of ${entry.id} and holds until it is complete`
}

function waveFiles(props: ClusterProps, wave: Wave): Files {
  const step = props.step as RestartList
  if (!hasWork(wave)) return new Map()
  const parts = { cluster: props, step, wave }
  return some([
    ['restart.yaml', `Restarts workloads of wave ${wave.name} for ${step.id}.`, (chart) => void new RestartRun(chart, 'restart', parts)],
    [
      'namespaces.yaml',
      `Restarts for ${step.id} what is meshed in namespaces that Git does not show.`,
      (chart) => void new NamespaceRestarts(chart, 'namespaces', parts),
    ],
    [
      'gate.yaml',
      `Waits until wave ${wave.name} has restarted for ${step.id}, and the mesh sees its roots.`,
      (chart) => void new WaveGate(chart, 'gate', parts),
    ],
  ])
}

/** Renders files, and leaves out those without objects. */
function some(parts: readonly (readonly [name: string, about: string, build: (chart: Chart) => void])[]): Files {
  const rendered = parts.map(([name, about, build]) => [name, renderSome(about, build)] as const)
  return new Map(rendered.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const])))
}

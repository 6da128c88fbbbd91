import { sha256 } from '../src/base/index.ts'
import { fitName, isLabel } from '../src/plan/index.ts'

/** Marks a pod template with the restart that brought it there. A value, never a timestamp: applying it twice restarts once. */
export const rotationAnnotation = 'reroot.dev/rotation'

/** Flux's `postBuild` leaves an object alone that says so. */
export const substituteDisabled = { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } as const

/** On every object that reroot renders. */
export const commonLabels = { 'app.kubernetes.io/managed-by': 'reroot' } as const

/** The ConfigMap beside the Secret that names the Secret's state; gates read it, and so never need to read a Secret. */
export const stateName = 'mesh-ca-state'

/** The ConfigMap behind the last gate of a step, under Argo CD. */
export const completeName = 'mesh-ca-complete'

/** istiod writes it into every namespace of the mesh, with the whole of `root-cert.pem` (facts: istio.md §2.3). */
export const rootsName = 'istio-ca-root-cert'

/** The key of both the Secret and that ConfigMap. */
export const rootsKey = 'root-cert.pem'

/** Waves that would take the name of a link of the chain, or of the entry gate's ServiceAccount. */
const reservedWaves = ['entry', 'entry-gate', 'cacerts']

/** `mesh-ca-<id>-<wave>-<part>-<hash>`: a Job and the ConfigMap that it mounts. A new list or template is a new name, since a Job cannot be changed. */
export function runName(run: { readonly id: string; readonly wave: string; readonly part: string; readonly content: string }): string {
  return fitName(`mesh-ca-${run.id.replaceAll('.', '-')}`, run.wave, [run.part, sha256(run.content).slice(0, 8)])
}

/** `restart-02-gateways`: a container among many, in the order in which they run. */
export function callName(part: string, position: string, wave: string): string {
  return fitName(`${part}-${position}`, wave, [])
}

/** @throws TypeError if the wave cannot name an object. */
export function checkWaveName(wave: string): void {
  if (!isLabel(wave)) throw new TypeError(`not a DNS-1123 label: ${JSON.stringify(wave)}`)
  if (reservedWaves.includes(wave)) throw new TypeError(`a wave cannot be named ${wave}: the chain itself needs the name`)
}

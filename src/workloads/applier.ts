import type { FluxKustomization } from './flux-kustomization.ts'
import { syncWaveOf } from './sync-wave.ts'
import { asText, textMap, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'
import type { ControllerId } from './types.ts'

/** Whose reading of a repository it is. */
export type Tool = 'Flux' | 'Argo CD'

/** Whoever applies what a build makes: what the inventory asks of a Flux Kustomization, or of an Argo CD Application. */
export interface Applier {
  readonly id: ControllerId
  readonly tool: Tool
  /** In words: `Kustomization flux-system/apps`. */
  readonly label: string
  /** The namespace of objects that name none; `null`: they get none. */
  readonly namespace: string | null
  /** It replaces every object whole whenever it syncs. */
  readonly replaces: boolean
  /** Why an annotation of the object's pod template in Git would not reach the cluster, in words; `null` if it does. */
  undeliverable(object: ValueMap): string | null
}

export function fluxApplier({ controller }: FluxKustomization): Applier {
  return {
    id: controller.id,
    tool: 'Flux',
    label: `Kustomization ${controller.id}`,
    namespace: null,
    replaces: false,
    undeliverable: () => null,
  }
}

/** The wave in which an object is applied. Flux knows none. */
export function appliedWave(object: ValueMap, tool: Tool): number {
  return tool === 'Flux' ? 0 : syncWaveOf(textMap(valueAt(object, 'metadata', 'annotations')))
}

/** Whether an object is replaced whole at each sync: the Application says so for all, or the object for itself. */
export function isReplaced(object: ValueMap, applier: Applier): boolean {
  if (applier.tool === 'Flux') return false
  const options = asText(valueAt(object, 'metadata', 'annotations', 'argocd.argoproj.io/sync-options')) ?? ''
  const own = options.split(',').map((option) => option.trim())
  // resourceutil.HasAnnotationOption: the object's own `Replace=false` does not take back what the Application asks for.
  return applier.replaces || own.includes('Replace=true')
}

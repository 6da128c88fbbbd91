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
  /** It deletes what it applied once that is no longer in Git, unless the object says otherwise. */
  readonly prunes: boolean
  /** It replaces every object whole whenever it syncs. */
  readonly replaces: boolean
  /** Why an annotation of the object's pod template in Git would not reach the cluster, in words; `null` if it does. */
  undeliverable(object: ValueMap): string | null
}

export function fluxApplier({ controller, spec }: FluxKustomization): Applier {
  return {
    id: controller.id,
    tool: 'Flux',
    label: `Kustomization ${controller.id}`,
    namespace: null,
    prunes: spec['prune'] === true,
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
  // resourceutil.HasAnnotationOption: the object's own `Replace=false` does not take back what the Application asks for.
  return applier.tool === 'Argo CD' && (applier.replaces || syncOptionsOf(object).includes('Replace=true'))
}

/**
 * How an object's owner deletes it once it is no longer in Git, in words; `null`: it never does. Flux: kustomize-controller v1.9, the annotation or label
 * `prune`; Argo CD: gitops-engine, `Prune=false`, and `Delete=false` where the Application itself is deleted.
 */
export function howPruned(object: ValueMap, applier: Applier): string | null {
  if (applier.tool === 'Flux') {
    const kept = ['annotations', 'labels'].some((where) => valueAt(object, 'metadata', where, fluxPrune) === 'disabled')
    return applier.prunes && !kept ? `${applier.label} has prune: true` : null
  }
  const options = syncOptionsOf(object)
  const missing = ['Prune=false', 'Delete=false'].filter((option) => !options.includes(option))
  if (missing.length === 0) return null
  const how = applier.prunes ? 'prunes by itself' : 'prunes when somebody tells it to'
  return `${applier.label} ${how}, and the Secret lacks ${missing.join(' and ')}`
}

const fluxPrune = 'kustomize.toolkit.fluxcd.io/prune'

function syncOptionsOf(object: ValueMap): readonly string[] {
  const options = asText(valueAt(object, 'metadata', 'annotations', 'argocd.argoproj.io/sync-options')) ?? ''
  return options.split(',').map((option) => option.trim())
}

import { writeYaml } from '../src/base/index.ts'
import type { WorkloadKind } from '../src/base/index.ts'
import type { RestartId } from '../src/rotation/index.ts'
import { rotationAnnotation } from './names.ts'
import { restartSpec } from './objects.ts'

/** A workload by the name that a Component of its overlay sees; `namespace` as the base writes it, `null` if it writes none. */
export interface ComponentRestart {
  readonly kind: WorkloadKind
  readonly name: string
  readonly namespace: string | null
  readonly id: RestartId
}

/**
 * The Component that restarts workloads of one overlay, in the order given. Its patches are bound by name, not by `target:`, and strategic
 * merges: kustomize fails if one matches nothing, and the other annotations stay (facts: gitops.md §3.1).
 */
export function renderComponent(restarts: readonly ComponentRestart[]): string {
  const patches = restarts.map(({ kind, name, namespace, id }) => ({
    patch: writeYaml({
      apiVersion: 'apps/v1',
      kind,
      metadata: namespace === null ? { name } : { name, namespace },
      spec: restartSpec(rotationAnnotation, id),
    }),
  }))
  return writeYaml(
    { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', patches },
    {
      comment:
        'Restarts workloads of this overlay for a step of the mesh CA: a new id is a new pod template.\nWritten by reroot: edits are lost.',
    },
  )
}

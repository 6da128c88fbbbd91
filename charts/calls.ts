import { rotationAnnotation } from './names.ts'
import type { Call } from './run.ts'

/**
 * How long kubectl waits before the container starts anew. Shorter than Flux waits for a gate by default, so that when Flux gives up
 * for now, the pod's last message says already what is missing. Not configurable: it is part of a Job's name.
 */
export const patience = '--timeout=4m'

/**
 * Restarts all workloads of a file. A merge patch, never server-side apply: kubectl would first move the owner's fields to the new
 * manager, and the owner's next apply fails (facts: lab.md 11). Patching twice changes nothing.
 * @param patch `--patch=…` or `--patch-file=…`
 */
export function patchCall(file: string, patch: string): Call {
  return { name: 'restart', command: ['kubectl', 'patch', `--filename=${file}`, '--type=merge', '--field-manager=reroot', patch] }
}

/** Until every workload of a file carries the restart. `rollout status` alone is content with the template of before. */
export function annotatedCall(file: string, id: string): Call {
  const key = rotationAnnotation.replaceAll('.', '\\.')
  return {
    name: 'annotated',
    command: ['kubectl', 'wait', `--filename=${file}`, `--for=jsonpath={.spec.template.metadata.annotations.${key}}=${id}`, patience],
  }
}

/** Until every workload of a file has rolled out. */
export function rolledOutCall(file: string): Call {
  return { name: 'rolled-out', command: ['kubectl', 'rollout', 'status', `--filename=${file}`, patience] }
}

/** Whether the ConfigMaps of a file hold the roots that the template expects. */
export function rootsCall(file: string, templateFile: string): Call {
  return { name: 'roots', command: ['kubectl', 'get', `--filename=${file}`, `--output=go-template-file=${templateFile}`] }
}

/** Until a ConfigMap says a state. */
export function stateCall(file: string, state: string): Call {
  return { name: 'state', command: ['kubectl', 'wait', `--filename=${file}`, `--for=jsonpath={.data.state}=${state}`, patience] }
}

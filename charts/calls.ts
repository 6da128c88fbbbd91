import { rotationAnnotation } from './names.ts'
import { restartSpec } from './objects.ts'
import type { Call } from './run.ts'

// After this the container starts anew; a watch that went silent is not waited for longer.
const patience = '--timeout=15m'

/**
 * Restarts all workloads of a file. A merge patch, never server-side apply: kubectl would first move the owner's fields to the new
 * manager, and the owner's next apply fails (facts: lab.md 11). Patching twice changes nothing.
 */
export function patchCall(file: string, id: string): Call {
  const patch = JSON.stringify({ spec: restartSpec(rotationAnnotation, id) })
  return {
    name: 'restart',
    command: ['kubectl', 'patch', `--filename=${file}`, '--type=merge', '--field-manager=reroot', `--patch=${patch}`],
  }
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

import { inEachContext } from './context-flag.ts'

/**
 * Shell lines that print the workloads of whole clusters that are not rolled out now: a gate would wait for each, as `kubectl rollout status` does.
 * @param contexts of the clusters; empty: the reader's own.
 */
export function notRolledOut(contexts: readonly string[]): readonly string[] {
  return inEachContext(contexts, (flag, name) => [
    ...(name === '' ? [] : ['echo "$context:"']),
    `kubectl${flag} get deployments,statefulsets,daemonsets -A -o json |`,
    `  jq -r '.items[] | .spec.replicas as $wanted | .status as $is | select(`,
    '    if .kind == "DaemonSet" then ([$is.updatedNumberScheduled, $is.numberAvailable | . // 0] | min) < $is.desiredNumberScheduled',
    '    elif .kind == "StatefulSet" then ($is.readyReplicas // 0) < $wanted or $is.currentRevision != $is.updateRevision',
    '    else ([$is.updatedReplicas, $is.availableReplicas | . // 0] | min) < $wanted or ($is.replicas // 0) > ($is.updatedReplicas // 0)',
    `    end) | "\\(.kind)/\\(.metadata.namespace)/\\(.metadata.name)"'`,
  ])
}

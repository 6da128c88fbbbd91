import { patience } from './calls.ts'

// POSIX sh, and no program but kubectl. Unquoted `$workloads` are words on purpose: names of Kubernetes hold no blanks.

const meshed = `# Prints what is meshed in a namespace, a word for each workload.
meshed() {
  rule=$(kubectl get namespace "$1" --output=go-template-file=/gate/namespace.tmpl) || return 1
  kubectl get deployments,statefulsets,daemonsets --namespace="$1" --output=go-template-file="/gate/$rule.tmpl"
}
`

const columns = 'custom-columns=KIND:.kind,NAME:.metadata.name,PARTITION:.spec.updateStrategy.rollingUpdate.partition'
const whole = `# Fails where pods below a partition stay as they were: for \`rollout status\` that is complete.
whole() {
  namespace=$1
  shift
  found=$(kubectl get "$@" --namespace="$namespace" --no-headers --output=${columns}) || return 1
  echo "$found" | while read -r kind name partition; do
    if [ "$partition" != 0 ] && [ "$partition" != "<none>" ]; then
      echo "$kind/$name in namespace $namespace has partition $partition: set it to 0" >&2
      exit 1
    fi
  done
}
`

const patchAll = `for namespace in $NAMESPACES; do
  workloads=$(meshed "$namespace")
  if [ -z "$workloads" ]; then
    echo "namespace $namespace: nothing is in the mesh"
    continue
  fi
  kubectl patch $workloads --namespace="$namespace" --type=merge --field-manager=reroot --patch="$PATCH"
done
`

const waitForAll = `for namespace in $NAMESPACES; do
  workloads=$(meshed "$namespace")
  [ -n "$workloads" ] || continue
  kubectl rollout status $workloads --namespace="$namespace" ${patience}
  whole "$namespace" $workloads
done
`

/** Restarts all that is meshed in `NAMESPACES`. Starting anew, it finds the restart in place and goes on. */
export const restartOnlyScript = `set -eu
${meshed}
${patchAll}`

/** Waits for the rollouts of all that is meshed in `NAMESPACES`. */
export const rolledOutScript = `set -eu
${meshed}
${whole}
${waitForAll}`

/** Both. */
export const restartScript = `set -eu
${meshed}
${whole}
${patchAll}${waitForAll}`

/** What the entry gate runs instead once its step has happened. */
export const nothingScript = `echo "nothing is left to restart"
`

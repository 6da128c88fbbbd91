import { patience } from './calls.ts'

// POSIX sh, and no program but kubectl. Unquoted `$workloads` are words on purpose: names of Kubernetes hold no blanks.

const meshed = `# Prints what is meshed in a namespace, a word for each workload.
meshed() {
  rule=$(kubectl get namespace "$1" --output=go-template-file=/gate/namespace.tmpl) || return 1
  kubectl get deployments,statefulsets,daemonsets --namespace="$1" --output=go-template-file="/gate/$rule.tmpl"
}
`

/** Restarts all that is meshed in `NAMESPACES`. Starting anew, it finds the restart in place and goes on. */
export const restartOnlyScript = `set -eu
${meshed}
for namespace in $NAMESPACES; do
  workloads=$(meshed "$namespace")
  if [ -z "$workloads" ]; then
    echo "namespace $namespace: nothing is in the mesh"
    continue
  fi
  kubectl patch $workloads --namespace="$namespace" --type=merge --field-manager=reroot --patch="$PATCH"
done
`

/** The same, and waits for the rollouts. */
export const restartScript = `${restartOnlyScript}for namespace in $NAMESPACES; do
  workloads=$(meshed "$namespace")
  [ -z "$workloads" ] || kubectl rollout status $workloads --namespace="$namespace" ${patience}
done
`

/** What the entry gate runs instead once its step has happened. */
export const nothingScript = `echo "nothing is left to restart"
`

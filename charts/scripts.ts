import { stateName } from './names.ts'

// POSIX sh, and no program but kubectl and cat. Unquoted `$workloads` are words on purpose: names of Kubernetes hold no blanks.

const meshed = `# Prints what is meshed in a namespace, a word for each workload.
meshed() {
  rule=$(kubectl get namespace "$1" --output=go-template-file=/gate/namespace.tmpl) || return 1
  kubectl get deployments,statefulsets,daemonsets --namespace="$1" --output=go-template-file="/gate/$rule.tmpl"
}
`

/** Restarts all that is meshed in `NAMESPACES`, then waits for it. Starting anew, it finds the restart in place and goes on. */
export const restartScript = `set -eu
${meshed}
for namespace in $NAMESPACES; do
  workloads=$(meshed "$namespace")
  if [ -z "$workloads" ]; then
    echo "namespace $namespace: nothing is in the mesh"
    continue
  fi
  kubectl patch $workloads --namespace="$namespace" --type=merge --field-manager=reroot --patch="$PATCH"
done
for namespace in $NAMESPACES; do
  workloads=$(meshed "$namespace")
  [ -z "$workloads" ] || kubectl rollout status $workloads --namespace="$namespace" --timeout=15m
done
`

/**
 * Succeeds when the step has happened already (`AFTER`), when nothing of reroot's was ever applied here, or when all that is meshed
 * in `NAMESPACES` carries the last restart and has rolled out. What was created under the present state needed no restart.
 */
export const entryScript = `set -eu
${meshed}
case "\${STATE-}" in
  "$BEFORE") ;;
  "$AFTER" | "") exit 0 ;;
  *) echo "the cluster is in state $STATE, not $BEFORE" >&2; exit 1 ;;
esac
since=$(kubectl get configmap ${stateName} --namespace="$ISTIO_NAMESPACE" --output=go-template-file=/gate/since.tmpl)
if [ -z "$since" ]; then
  echo "${stateName} does not tell when it was written" >&2
  exit 1
fi
for namespace in $NAMESPACES; do
  rule=$(kubectl get namespace "$namespace" --output=go-template-file=/gate/namespace.tmpl)
  template="{{ \\$since := \\"$since\\" }}$(cat "/gate/lacking-$rule.tmpl")"
  lacking=$(kubectl get deployments,statefulsets,daemonsets --namespace="$namespace" --output=go-template="$template")
  if [ -n "$lacking" ]; then
    echo "namespace $namespace: not restarted:" $lacking >&2
    exit 1
  fi
  workloads=$(meshed "$namespace")
  [ -z "$workloads" ] || kubectl rollout status $workloads --namespace="$namespace" --timeout=15m
done
`

/** go-template over `mesh-ca-state` that prints when its data was last written. */
export const sinceTemplate = `{{- $since := "" -}}
{{- range .metadata.managedFields -}}
{{- if index .fieldsV1 "f:data" }}{{ if gt .time $since }}{{ $since = .time }}{{ end }}{{ end -}}
{{- end -}}
{{- $since -}}
`

import { rootsKey, rootsName } from './names.ts'

/**
 * A go-template over the ConfigMaps `istio-ca-root-cert`, which fails (exit code 1) as soon as one of them holds other roots.
 *
 * Not `kubectl wait --for=jsonpath=…=<PEM>`: it splits at a lone `=`, and a third of all certificates end in one (facts: libraries.md).
 * That each namespace has the ConfigMap at all is seen by `kubectl get -f`, which fails on an object that is not there.
 * A failing template prints the objects that it was given, so it is only ever given these, which are public.
 */
export function rootsTemplate(roots: string): string {
  // kubectl hands over a single object as it is, several as a List. JSON's escapes are a subset of Go's.
  return [
    `{{- define "check" }}{{ if ne (index .data ${JSON.stringify(rootsKey)}) ${JSON.stringify(roots)} -}}`,
    `{{ printf "${rootsName} in namespace %s does not hold the expected roots\\n" .metadata.namespace }}`,
    '{{- template "a namespace has other roots: istiod has not taken up the Secret, or somebody changed it" }}',
    '{{- end }}{{ end -}}',
    '{{ if eq .kind "List" }}{{ range .items }}{{ template "check" . }}{{ end }}{{ else }}{{ template "check" . }}{{ end -}}',
    '',
  ].join('\n')
}

/** Plain workloads in namespaces of their own, to make a mesh of a size that counts. @returns files below `apps/crowd`, and how many workloads they are. */
export function crowd(namespaces: number, workloadsEach: number): Readonly<Record<string, string>> {
  const files: Record<string, string> = {}
  for (let index = 1; index <= namespaces; index++) {
    const namespace = `team-${index}`
    const label = index % 2 === 0 ? 'istio.io/rev: default' : 'istio-injection: enabled'
    files[`apps/crowd/${namespace}/namespace.yaml`] =
      `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n  labels:\n    ${label}\n`
    for (let nth = 1; nth <= workloadsEach; nth++)
      files[`apps/crowd/${namespace}/service-${nth}.yaml`] = deployment(`service-${nth}`, namespace)
  }
  return files
}

function deployment(name: string, namespace: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  replicas: 1
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
    spec:
      containers:
        - name: app
          image: registry.example.com/${name}:1.0
`
}

import { exampleTree } from '../support/example.ts'

/** How large a platform's repository is. Every cluster has workloads of its own: nothing is shared that could be read once. */
export interface Size {
  readonly clusters: readonly string[]
  readonly workloadsPerCluster: number
}

/** Workloads lie in folders of teams, as people would have them. */
const workloadsPerTeam = 25

/** `c01`, `c02` … */
export function clusterNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `c${String(index + 1).padStart(2, '0')}`)
}

/** The files of a platform that Flux delivers: the example's Istio in every cluster, and a file for each workload. */
export function platformTree({ clusters, workloadsPerCluster }: Size): Record<string, Uint8Array | string> {
  const example = exampleTree('flux')
  const tree: Record<string, Uint8Array | string> = Object.fromEntries(
    Object.entries(example).filter(([path]) => path === '.sops.yaml' || path.startsWith('infrastructure/istio/')),
  )
  for (const cluster of clusters) {
    for (const name of ['gotk-components.yaml', 'gotk-sync.yaml', 'kustomization.yaml']) {
      const text = Buffer.from(example[`clusters/prod/flux-system/${name}`] ?? '').toString('utf8')
      tree[`clusters/${cluster}/flux-system/${name}`] = text.replaceAll('./clusters/prod', `./clusters/${cluster}`)
    }
    tree[`clusters/${cluster}/platform.yaml`] = platform(cluster)
    for (let index = 0; index < workloadsPerCluster; index++) {
      const team = `team-${String(Math.floor(index / workloadsPerTeam)).padStart(3, '0')}`
      tree[`apps/${cluster}/${team}/namespace.yaml`] ??= namespace(team)
      tree[`apps/${cluster}/${team}/service-${index}.yaml`] = deployment(team, `service-${index}`)
    }
  }
  return tree
}

/** Apps wait for the link of reroot's chain behind which istiod serves the step, so that their own files may carry the restart. */
function platform(cluster: string): string {
  const kustomization = (name: string, path: string, dependsOn: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system
spec:
  interval: 10m
  path: ./${path}
  prune: true
  wait: true
  dependsOn: [${dependsOn}]
  sourceRef: {kind: GitRepository, name: flux-system}
`
  return `${kustomization('istio', 'infrastructure/istio', '')}---\n${kustomization('apps', `apps/${cluster}`, '{name: mesh-ca-control-plane}')}`
}

const namespace = (name: string): string => `apiVersion: v1
kind: Namespace
metadata:
  name: ${name}
  labels:
    istio-injection: enabled
`

/** As teams write them: with probes, limits, comments. */
const deployment = (team: string, name: string): string => `# ${name} of ${team}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${team}
  labels:
    app.kubernetes.io/name: ${name}
    app.kubernetes.io/part-of: ${team}
spec:
  replicas: 3
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxSurge: 25%, maxUnavailable: 0 }
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
        app.kubernetes.io/part-of: ${team}
      annotations:
        prometheus.io/scrape: 'true'
        prometheus.io/port: '9090' # the sidecar merges these
    spec:
      serviceAccountName: ${name}
      securityContext: { runAsNonRoot: true, runAsUser: 10001 }
      containers:
        - name: ${name}
          image: registry.example.com/${team}/${name}:1.12.3
          args: ['serve', '--listen=:8080']
          ports:
            - { name: http, containerPort: 8080 }
            - { name: metrics, containerPort: 9090 }
          env:
            - name: DATABASE_URL
              valueFrom: { secretKeyRef: { name: ${name}-database, key: url } }
            - name: LOG_LEVEL
              value: info
          readinessProbe:
            httpGet: { path: /ready, port: http }
            periodSeconds: 5
          livenessProbe:
            httpGet: { path: /live, port: http }
            periodSeconds: 20
          resources:
            requests: { cpu: 200m, memory: 256Mi }
            limits: { memory: 512Mi }
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: ${team}
spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
    - { name: http, port: 80, targetPort: http }
`

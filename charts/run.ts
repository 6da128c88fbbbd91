import { Construct } from 'constructs'
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js'
import { commonLabels, runName, substituteDisabled } from './names.ts'
import type { ClusterProps, PodProps } from './props.ts'

/** One container: one call of kubectl, or of the shell. */
export interface Call {
  readonly name: string
  /** Where it is not the Run's. */
  readonly image?: string
  readonly command: readonly string[]
  readonly env?: readonly k8s.EnvVar[]
}

/** A file in `/gate`. */
export interface RunFile {
  /** Its key in the ConfigMap. */
  readonly key: string
  readonly text: string
  /** Where it appears, when not under its key. */
  readonly paths?: readonly string[]
}

export interface RunProps {
  readonly id: string
  readonly wave: string
  /** `gate`, `restart` …: what it is for, in its name. */
  readonly part: string
  readonly cluster: Pick<ClusterProps, 'istioNamespace' | 'controller' | 'gates'>
  /** Where it is not the gates' own. */
  readonly image?: string
  readonly serviceAccount: string
  /** Run one after the other; each must succeed. */
  readonly calls: readonly Call[]
  /** What `/gate` holds. The Job's own name may be part of it. */
  readonly files: (name: string) => readonly RunFile[]
  readonly podAnnotations?: Readonly<Record<string, string>>
}

// A ConfigMap may hold 1 MiB; this leaves room for its keys.
const mostBytes = 800_000

/** Where a Job's files are mounted. */
export const gateFolder = '/gate'

/**
 * A Job that runs kubectl until it succeeds. The usual image has no shell, so each call is a container of its own.
 *
 * Its name holds a hash of all that it does: a changed list is a new Job, an unchanged one never runs twice. It has no TTL (the controller
 * would run it again); `OnFailure` retries, with the kubelet's back-off. Flux waits for a link no longer than its timeout, but a sync of
 * Argo CD has none, and takes no newer commit, e.g. a revert, as long as it runs: so there the Job has a deadline (facts: gitops.md §1.2).
 */
export class Run extends Construct {
  readonly name: string

  constructor(scope: Construct, id: string, written: RunProps) {
    super(scope, id)
    const props = { ...written, files: onceEach(written.files) }
    const { istioNamespace, controller, gates } = props.cluster
    this.name = runName({ ...props, content: JSON.stringify([template(props, 'self'), props.files('self')]) })
    const metadata = {
      name: this.name,
      namespace: istioNamespace,
      labels: commonLabels,
      ...(controller.type === 'flux' ? { annotations: substituteDisabled } : {}),
    }
    for (const { name, files } of configMaps(props, this.name)) {
      new k8s.KubeConfigMap(this, `files-${name}`, {
        metadata: { ...metadata, name },
        data: Object.fromEntries(files.map((file) => [file.key, file.text])),
      })
    }
    // Far above what the kubelet's back-off can reach: a Job that gives up is never tried again under its name.
    const deadline = controller.type === 'argocd' ? { activeDeadlineSeconds: gates.deadlineMinutes * 60 } : {}
    new k8s.KubeJob(this, 'job', { metadata, spec: { backoffLimit: 1_000_000, ...deadline, template: template(props, this.name) } })
  }
}

/** Files may name hundreds of workloads, and are asked for by everything that mounts them. */
function onceEach(files: RunProps['files']): RunProps['files'] {
  const made = new Map<string, readonly RunFile[]>()
  return (name) => {
    const found = made.get(name) ?? files(name)
    made.set(name, found)
    return found
  }
}

/** The ConfigMaps that hold the files: one, named as the Job, unless they are more than an API server takes. */
function configMaps(props: RunProps, job: string): readonly { readonly name: string; readonly files: readonly RunFile[] }[] {
  const parts: RunFile[][] = [[]]
  let bytes = 0
  for (const file of props.files(job)) {
    bytes += Buffer.byteLength(file.text)
    if (bytes > mostBytes) {
      parts.push([])
      bytes = Buffer.byteLength(file.text)
    }
    parts.at(-1)?.push(file)
  }
  return parts.map((files, index) => ({ name: index === 0 ? job : `${job}-${index + 1}`, files }))
}

function volume(props: RunProps, job: string): k8s.Volume {
  const sources = configMaps(props, job).map(({ name, files }) => ({
    configMap: { name, items: files.flatMap(({ key, paths }) => (paths ?? [key]).map((path) => ({ key, path }))) },
  }))
  return { name: 'gate', ...(sources.length === 1 ? sources[0] : { projected: { sources } }) }
}

function template(props: RunProps, name: string): k8s.PodTemplateSpec {
  const { image, pod } = props.cluster.gates
  const containers = props.calls.map((call) => container(call, props.image ?? image))
  return {
    metadata: {
      // Neither a sidecar nor ztunnel may stand between the Job and the API server: their certificates are what changes.
      labels: { ...commonLabels, 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none' },
      annotations: { 'sidecar.istio.io/inject': 'false', ...props.podAnnotations },
    },
    spec: {
      serviceAccountName: props.serviceAccount,
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      restartPolicy: 'OnFailure',
      ...placement(pod),
      securityContext: { runAsNonRoot: true, ...user(pod), seccompProfile: { type: 'RuntimeDefault' } },
      initContainers: containers.slice(0, -1),
      containers: containers.slice(-1),
      volumes: [volume(props, name), { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString('64Mi') } }],
    },
  }
}

/** Which nodes take the pod, and how they get its images. */
function placement({ imagePullSecrets, nodeSelector, tolerations }: PodProps): Partial<k8s.PodSpec> {
  return {
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length === 0 ? {} : { tolerations: [...tolerations] }),
  }
}

function user({ runAsUser }: PodProps): Partial<k8s.PodSecurityContext> {
  return runAsUser === null ? {} : { runAsUser, runAsGroup: runAsUser }
}

function container(call: Call, image: string): k8s.Container {
  return {
    name: call.name,
    image: call.image ?? image,
    command: [...call.command],
    // kubectl keeps what it learned of the API in $HOME/.kube/cache; the next container finds it there.
    env: [{ name: 'HOME', value: '/tmp' }, ...(call.env ?? [])],
    resources: {
      requests: { cpu: k8s.Quantity.fromString('10m'), memory: k8s.Quantity.fromString('64Mi') },
      limits: { cpu: k8s.Quantity.fromString('500m'), memory: k8s.Quantity.fromString('256Mi') },
    },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: 'gate', mountPath: gateFolder, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  }
}

import { Construct } from 'constructs'
import { k8s } from 'cdk8s-plus-27'
import { commonLabels, runName } from './names.ts'

/** One container: one call of kubectl, or of the shell. */
export interface Call {
  readonly name: string
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
  readonly namespace: string
  readonly image: string
  readonly serviceAccount: string
  /** Run one after the other; each must succeed. */
  readonly calls: readonly Call[]
  /** What `/gate` holds. The Job's own name may be part of it. */
  readonly files: (name: string) => readonly RunFile[]
  readonly podAnnotations?: Readonly<Record<string, string>>
}

/** Where a Job's files are mounted. */
export const gateFolder = '/gate'

/**
 * A Job that runs kubectl until it succeeds. The usual image has no shell, so each call is a container of its own.
 *
 * Its name holds a hash of all that it does: a changed list is a new Job, an unchanged one never runs twice. It has no TTL (Flux
 * would run it again) and no deadline (Flux has its own); `OnFailure` retries, with the kubelet's back-off.
 */
export class Run extends Construct {
  readonly name: string

  constructor(scope: Construct, id: string, props: RunProps) {
    super(scope, id)
    this.name = runName({ ...props, content: JSON.stringify([template(props, 'self'), props.files('self')]) })
    const data = Object.fromEntries(props.files(this.name).map((file) => [file.key, file.text]))
    const metadata = {
      name: this.name,
      namespace: props.namespace,
      labels: commonLabels,
      annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' },
    }
    new k8s.KubeConfigMap(this, 'files', { metadata, data })
    // Far above what the kubelet's back-off can reach: a Job that gives up is never tried again under its name.
    new k8s.KubeJob(this, 'job', { metadata, spec: { backoffLimit: 1_000_000, template: template(props, this.name) } })
  }
}

function template(props: RunProps, name: string): k8s.PodTemplateSpec {
  const containers = props.calls.map((call) => container(call, props.image))
  const items = props.files(name).flatMap(({ key, paths }) => (paths ?? [key]).map((path) => ({ key, path })))
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
      securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      initContainers: containers.slice(0, -1),
      containers: containers.slice(-1),
      volumes: [
        { name: 'gate', configMap: { name, items } },
        { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString('64Mi') } },
      ],
    },
  }
}

function container(call: Call, image: string): k8s.Container {
  return {
    name: call.name,
    image,
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

import { z } from 'zod'

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS-1123 label')
const path = z
  .string()
  .min(1)
  .refine(
    (text) =>
      !text.split('/').some((part) => part === '..' || part === '.' || part === '' || part.toLowerCase() === '.git') &&
      !/\p{Cc}/u.test(text),
    'must be a path inside the repository, without . or ..',
  )
// What git allows in the name of a branch (git check-ref-format), and nothing that a command line takes for an option.
const isRefPart = (text: string): boolean => /^[^\s~^:?*[\\\p{Cc}]+$/u.test(text) && !/^[-.]|\.\.|@\{|\.lock$|\.$/.test(text)
const branch = z.string().refine((text) => text.split('/').every(isRefPart), 'must be the name of a branch')
const days = z.int().min(1).max(36_500)
const drain = z.enum(['restart', 'expire'])
export const deliveries = ['auto', 'job', 'owner', 'merge'] as const

// With ` intermediate CA g100` behind it, a mesh's name must fit into the 64 characters of a common name (RFC 5280, A.1).
const meshName = label.max(40, 'must be at most 40 characters long')
const istioVersion = z.string().regex(/^\d+\.\d+(\.(\d+|x))?([-+].*)?$/, 'must be a version such as 1.30.3')

/** Values that people may give on the command line before there is a `reroot.yaml`. */
export const givenValues = { mesh: meshName, istioVersion, istioNamespace: label, cluster: label } as const

const istio = z.strictObject({
  namespace: label.default('istio-system'),
  version: istioVersion,
  revisions: z.array(z.string().min(1)).min(1).default(['default']),
  istiod: z.array(label).default([]),
  multiRoot: z.boolean().default(false),
  ztunnel: z.string().nullable().default(null),
  caProvider: z.string().default('istiod'),
})

const fluxController = z.strictObject({
  type: z.literal('flux'),
  namespace: label.default('flux-system'),
  source: z.strictObject({ kind: z.enum(['GitRepository', 'OCIRepository', 'Bucket']), name: z.string().min(1) }),
  register: path,
  ageKeySecret: z.string().min(1).default('sops-age'),
  serviceAccountName: z.string().min(1).nullable().default(null),
})

const labels = z.record(z.string(), z.string())

// What is written into reroot.yaml is in Git, and in every Application that reroot writes. SSH's user is no secret.
const repository = z
  .string()
  .min(1)
  .refine(
    (text) => !/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(text) || /^(.*\+)?ssh:\/\/[^/?#:@]*@[^/?#@]*(\/|$)/i.test(text),
    'must be an address without user and password: Argo CD finds those in a Secret of its own',
  )
const argocdController = z.strictObject({
  type: z.literal('argocd'),
  namespace: label.default('argocd'),
  project: z.string().min(1).default('default'),
  repoURL: repository,
  destination: z
    .strictObject({ name: z.string().min(1).optional(), server: z.string().min(1).optional() })
    .refine(({ name, server }) => name !== undefined || server !== undefined, 'must have a name or a server'),
  labels: labels.default({}),
  register: path,
  unseal: z.enum(['ksops']).default('ksops'),
})

const statedWorkload = z.strictObject({
  workload: z.string().regex(/^(Deployment|StatefulSet|DaemonSet)\/[^/*]+\/[^/*]+$/, 'must be Kind/namespace/name'),
  role: z.enum(['control-plane', 'ztunnel', 'gateway', 'sidecar']).default('sidecar'),
  selector: labels.refine((map) => Object.keys(map).length > 0, 'must have at least one label').optional(),
})

const cluster = z.strictObject({
  name: label,
  paths: z.array(path).min(1),
  controlPlane: label.default('own'),
  istio,
  cacerts: z.strictObject({ file: path, managed: z.enum(['own', 'in-place']) }),
  controller: z.discriminatedUnion('type', [fluxController, argocdController]),
  namespaces: z.array(z.strictObject({ name: label, labels })).default([]),
  workloads: z.array(statedWorkload).default([]),
})

const restarts = z.strictObject({
  delivery: z.enum(deliveries).default('auto'),
  drain: z
    .strictObject({ stage: drain.default('restart'), promote: drain.default('restart'), retire: drain.default('restart') })
    .prefault({}),
  namespaces: z.array(label).default([]),
  tiers: z.array(z.strictObject({ name: label, namespaces: z.array(label).min(1) })).default([]),
  maxWorkloadsPerWave: z.int().min(1).max(500).default(50),
  rules: z
    .array(
      z.strictObject({
        match: z
          .string()
          .regex(
            /^(Deployment|StatefulSet|DaemonSet|\*)\/[^/]+\/[^/]+$/,
            'must be Kind/namespace/name; * stands for any run of characters',
          ),
        clusters: z.array(label).optional(),
        delivery: z.enum(deliveries).optional(),
        drain: drain.optional(),
        reason: z.string().min(1).optional(),
      }),
    )
    .default([]),
})

/** `reroot.yaml` as people write it. Unknown keys are errors; what has a default may be left out. */
export const writtenConfig = z.strictObject({
  version: z.literal(1),
  mesh: meshName,
  trustDomain: z.string().min(1).default('cluster.local'),
  git: z
    .strictObject({
      remote: branch.default('origin'),
      branch: branch.default('main'),
      branchPrefix: z
        .string()
        .regex(/^[A-Za-z0-9._-]+[/-]$/, 'must end in / or -')
        .refine((text) => isRefPart(text.slice(0, -1)), 'must be the beginning of the name of a branch')
        .default('mesh-ca/'),
    })
    .prefault({}),
  pki: z
    .strictObject({
      algorithm: z.enum(['rsa-2048', 'rsa-3072', 'rsa-4096', 'ecdsa-p256', 'ecdsa-p384']).default('rsa-4096'),
      root: z.strictObject({ days: days.default(3650), custody: z.enum(['sealed', 'discard', 'external']).default('sealed') }).prefault({}),
      intermediate: z.strictObject({ days: days.default(1825) }).prefault({}),
      backdateMinutes: z.int().min(0).max(1440).default(60),
      renewBeforeDays: z.int().min(1).max(3650).default(180),
      workloadCertificateHours: z.int().min(1).max(2160).default(24),
    })
    .prefault({}),
  extraRoots: z.array(path).default([]),
  clusters: z.array(cluster).min(1),
  restarts: restarts.prefault({}),
  gates: z
    .strictObject({
      image: z.string().min(1).default('registry.k8s.io/kubectl:v1.34.3'),
      shellImage: z.string().min(1).nullable().default(null),
      timeoutMinutes: z.int().min(1).max(1440).default(5),
      deadlineMinutes: z.int().min(1).max(1440).default(60),
    })
    .prefault({}),
  pullRequests: z.enum(['auto', 'one', 'per-wave', 'per-cluster']).default('auto'),
  accept: z
    .array(
      z.strictObject({
        finding: z.string().regex(/^[a-z]+\/[a-z-]+$/, 'must be the id of a finding'),
        file: path.optional(),
        reason: z.string().min(1),
      }),
    )
    .default([]),
})

/** `reroot.yaml`, normalised: every value is there. */
export type Config = z.output<typeof writtenConfig>
export type ClusterConfig = Config['clusters'][number]
export type ControllerConfig = ClusterConfig['controller']
export type FluxControllerConfig = Extract<ControllerConfig, { type: 'flux' }>
export type ArgocdControllerConfig = Extract<ControllerConfig, { type: 'argocd' }>

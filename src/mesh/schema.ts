import { z } from 'zod'
import { cluster } from './schema-cluster.ts'
import { pod } from './schema-pod.ts'
import { restarts } from './schema-restarts.ts'
import { branch, branchPrefix, count, image, istioVersion, label, meshName, path, text } from './schema-values.ts'

/** Values that people may give on the command line before there is a `reroot.yaml`. */
export const givenValues = { mesh: meshName, istioVersion, istioNamespace: label, cluster: label } as const

const git = z.strictObject({
  remote: branch.default('origin').describe('Where reroot fetches from and pushes to.').meta({ title: 'name of a remote' }),
  branch: branch
    .default('main')
    .describe('The branch that the controllers read. reroot reads everything from its freshly fetched head, and bases its branches on it.'),
  branchPrefix: branchPrefix
    .default('mesh-ca/')
    .describe(
      'Branches are named `<prefix>init`, `<prefix>g2-staged`, `<prefix>g2-staged-2-restarts`. `init` writes the name of its `--directory`. Several meshes in one repository need one each: a branch of another mesh is refused, never replaced. Change it if your forge has rules for names.',
    ),
})

/** The most that `pki.workloadCertificateHours` takes: a hundred years. */
export const mostCertificateHours = 876_000

const days = count(1, 36_500)
const pki = z.strictObject({
  algorithm: z
    .enum(['rsa-2048', 'rsa-3072', 'rsa-4096', 'ecdsa-p256', 'ecdsa-p384'])
    .default('rsa-4096')
    .describe(
      'Of the next root and its intermediates. It need not be that of the present root. ECDSA keys are made at once; RSA-4096 takes some seconds for each cluster.',
    ),
  root: z
    .strictObject({
      days: days.default(3650).describe('How long the next root is valid.'),
      custody: z
        .enum(['sealed', 'discard', 'external'])
        .default('sealed')
        .describe(
          "Where the next root's private key goes. `sealed`: into `roots/<generation>.sops.yaml`, for its custodians. `discard`: nowhere, it is forgotten as soon as the intermediates are issued; no later intermediate can be issued under that root. `external` is refused for now.",
        ),
    })
    .prefault({}),
  intermediate: z
    .strictObject({
      days: days
        .default(1825)
        .describe('How long the next intermediates are valid, one for each cluster. They end with their root at the latest.'),
    })
    .prefault({}),
  backdateMinutes: count(0, 1440).default(60).describe('How far back `notBefore` is set, for clocks that are behind.'),
  renewBeforeDays: count(1, 3650)
    .default(180)
    .describe(
      '`reroot status` marks a cluster with `!` when a certificate of its own CA expires within so many days; extra roots count for `--fail-within` alone. Leave enough time for a whole rotation.',
    ),
  workloadCertificateHours: count(1, mostCertificateHours)
    .default(24)
    .describe(
      'The longest that a workload certificate lives in this mesh. It is what `drain: expire` and `--gate-passed` wait for. A value that is too low breaks mutual TLS in `retire`. Proxies and ztunnel ask for `SECRET_TTL`, 24 hours unless it is set; istiod grants no more than `MAX_WORKLOAD_CERT_TTL`. Where Git shows a longer time, `init` writes it, and the steps that wait for the one before are refused until it stands here. Raise it yourself for what Git does not show. Whoever shortens the time lowers it only when the certificates from before have expired.',
    ),
})

const gates = z.strictObject({
  image: image
    .default('registry.k8s.io/kubectl:v1.34.3')
    .describe(
      'Has `kubectl` on its PATH; it needs no shell. Name a mirror, and a digest, if your clusters demand it. kubectl should be within one minor version of the API server.',
    ),
  shellImage: image
    .nullable()
    .default(null)
    .describe('Has `sh` and `kubectl`. Needed for `restarts.namespaces` alone.')
    .meta({ title: 'an image, or `null`' }),
  timeoutMinutes: count(1, 1440)
    .default(5)
    .describe(
      'How long Flux waits for a link of the chain at a time. While it waits for a link it takes no newer commit for that link, e.g. a revert. The Jobs wait on regardless, and Flux comes back every minute; so a rollout may last longer than this.',
    ),
  deadlineMinutes: count(1, 1440)
    .default(60)
    .describe(
      'After how long a Job fails under Argo CD, and the sync with it. A sync that runs takes no newer commit, e.g. a revert. Make it longer than your slowest wave; see [rotation.md](rotation.md#under-argo-cd).',
    ),
  pod: pod.prefault({}),
})

const accepted = z.strictObject({
  finding: z
    .string()
    .regex(/^[a-z]+\/[a-z-]+$/, 'must be the id of a finding')
    .describe(
      'Of the areas `workloads`, `flux` and `argocd`, or `restart/unseen`: what Git does not show. Nothing else can be accepted, nor `argocd/rendered`, `argocd/swallowed`, `argocd/ignored`, `argocd/duplicate` and `argocd/changed`.',
    )
    .meta({ title: 'the id of a finding' }),
  file: path.optional().describe('Only in this file.'),
  object: text.optional().describe('Only of this object, as the finding names it: `Kafka streaming/events`.'),
  reason: text.describe('Why.'),
})

/**
 * `reroot.yaml` as people write it. Unknown keys are errors; what has a default may be left out. The descriptions are Markdown: they are what
 * docs/configuration.md and editors show.
 */
export const writtenConfig = z.strictObject({
  version: z.literal(1).describe('The schema of this file.'),
  mesh: meshName.describe('The `O=` of every new certificate. Do not change it in the middle of a rotation: the record repeats it.'),
  trustDomain: text.default('cluster.local').describe('The trust domain of the mesh, as `init` found it. For readers: no step uses it.'),
  git: git.prefault({}),
  pki: pki.prefault({}),
  extraRoots: z
    .array(path)
    .default([])
    .describe(
      "PEM files of foreign roots that stay trusted in every phase, e.g. of a mesh that this one is federated with. They stand behind the mesh's own roots in `root-cert.pem`. Set by `init`, and not to be changed after it; see [below](#changing-extra-roots).",
    ),
  clusters: z
    .array(cluster)
    .min(1)
    .describe('Adding a cluster to a mesh that is initialised is not supported yet: a new item has no record.'),
  restarts: restarts.prefault({}),
  gates: gates.prefault({}),
  pullRequests: z
    .enum(['auto', 'one', 'per-wave', 'per-cluster'])
    .default('auto')
    .describe(
      'How a step is cut. `auto` and `one`: as few pull requests as the order allows. `per-wave`: the restarts by owners apart, wave by wave; what Jobs restart stays in one. `per-cluster`: each cluster apart. See [rotation.md](rotation.md#several-pull-requests).',
    ),
  accept: z
    .array(accepted)
    .default([])
    .describe(
      'Findings that a person takes responsibility for: errors, and the warnings that are doubts. They are warnings, with the reason, in every pull request, and hold no step.',
    ),
})

/** `reroot.yaml`, normalised: every value is there. */
export type Config = z.output<typeof writtenConfig>
export type ClusterConfig = Config['clusters'][number]
export type ControllerConfig = ClusterConfig['controller']
export type FluxControllerConfig = Extract<ControllerConfig, { type: 'flux' }>
export type ArgocdControllerConfig = Extract<ControllerConfig, { type: 'argocd' }>

import { z } from 'zod'
import { istioVersion, label, labels, path, repository, text } from './schema-values.ts'

const istio = z.strictObject({
  namespace: label.default('istio-system').describe('Where istiod and the Secret are. Gates and restart Jobs run there too.'),
  version: istioVersion.describe("istiod's version, as `init` found it. For readers: no step uses it."),
  revisions: z
    .array(text)
    .min(1)
    .default(['default'])
    .describe(
      'Revisions and tags that workloads of the mesh may ask for (`istio.io/rev`). Add a tag or a canary revision before the next step.',
    ),
  istiod: z
    .array(label)
    .default([])
    .describe(
      'Deployments of istiod in `istio.namespace` that Git does not show (installed by hand, helm or istioctl). A Job restarts them first. Without an istiod, in Git or here, every step is refused.',
    ),
  multiRoot: z
    .boolean()
    .default(false)
    .describe(
      'Whether istiod runs with `ISTIO_MULTIROOT_MESH`, and so takes up new roots without a restart. It changes what the pull request says, not what it does: istiod is restarted in any case.',
    ),
  ztunnel: z
    .string()
    .nullable()
    .default(null)
    .describe("ztunnel's version; `null`: no ambient mode. Versions that cannot trust two roots are refused.")
    .meta({ title: 'a version, or `null`' }),
  caProvider: z
    .string()
    .default('istiod')
    .describe('Who signs workload certificates. Anything but `istiod` is refused: the Secret `cacerts` does not count there.'),
})

const fluxController = z.strictObject({
  type: z.literal('flux').describe('Flux applies this cluster.'),
  namespace: label
    .default('flux-system')
    .describe("Where reroot's Kustomizations live. The source and the Secret with the age key must be there too."),
  source: z.strictObject({
    kind: z
      .enum(['GitRepository', 'OCIRepository', 'Bucket'])
      .describe('The source that the cluster syncs from. Only `GitRepository` is accepted: reroot commits to a branch.'),
    name: text.describe('Its name. All links of the chain use this one source; their order depends on that.'),
  }),
  register: path.describe("The one reference to reroot's directory: a file below a path that is synced already."),
  ageKeySecret: text
    .nullable()
    .default('sops-age')
    .describe(
      "The Secret with the cluster's age identity, in the namespace above. People create it; see [rotation.md](rotation.md#prerequisites). `init` writes the name that other Kustomizations of the cluster use, else `sops-age`. `null`: none is named, and Flux unseals with its own identity, at a KMS; `init` writes that where the cluster's recipients are all keys of a cloud and no Kustomization names a Secret.",
    )
    .meta({ title: 'text, or `null`' }),
  serviceAccountName: text
    .nullable()
    .default(null)
    .describe(
      "The ServiceAccount that Flux impersonates for reroot's Kustomizations, in the namespace above. Set it where Flux is locked down; it must be allowed to write what reroot renders: Secrets, ConfigMaps, Jobs, ServiceAccounts and RBAC.",
    )
    .meta({ title: 'text, or `null`' }),
})

const argocdController = z.strictObject({
  type: z.literal('argocd').describe('Argo CD applies this cluster.'),
  namespace: label.default('argocd').describe("Argo CD's own namespace, where the Application lives."),
  project: text
    .default('default')
    .describe(
      'Its AppProject. `init` takes that of the Application with istiod. It must allow the repository, the cluster, every namespace of the mesh, Jobs, Secrets, ConfigMaps, ServiceAccounts and RBAC; where Git shows the project, reroot checks that.',
    ),
  repoURL: repository.describe("This repository, as Argo CD's Applications name it. Sources with another URL are not looked into."),
  destination: z
    .strictObject({
      name: text.optional().describe('The cluster, as Argo CD names it.'),
      server: text
        .optional()
        .describe(
          "Its address. One of the two is enough; state both where some Applications use the one and some the other, and Git does not show the cluster's Secret.",
        ),
    })
    .refine(({ name, server }) => name !== undefined || server !== undefined, 'must have a name or a server'),
  labels: labels
    .default({})
    .describe(
      "Labels of Argo CD's Secret for the cluster. Only for ApplicationSets with a cluster generator, where Git does not show that Secret.",
    ),
  register: path.describe(
    "The one reference to reroot's directory: the file with reroot's Application, where an app of apps picks it up. Where nothing in Git applies Applications, `init` puts it beside the record, and people apply it once.",
  ),
  unseal: z.enum(['ksops']).default('ksops').describe('How Argo CD unseals: see [rotation.md](rotation.md#prerequisites).'),
})

const statedNamespace = z.strictObject({
  name: label.describe('The namespace.'),
  labels: labels.describe(
    'Its labels; `{}` if it has none. Those that count: `istio-injection`, `istio.io/rev`, `istio.io/dataplane-mode`.',
  ),
})

const statedWorkload = z.strictObject({
  workload: z
    .string()
    .regex(/^(Deployment|StatefulSet|DaemonSet)\/[^/*]+\/[^/*]+$/, 'must be Kind/namespace/name')
    .describe('`Deployment`, `StatefulSet` or `DaemonSet`; no pattern.')
    .meta({ title: '`Kind/namespace/name`' }),
  role: z
    .enum(['control-plane', 'ztunnel', 'gateway', 'sidecar'])
    .default('sidecar')
    .describe('What it is to the mesh, which decides its wave.'),
  selector: labels
    .refine((map) => Object.keys(map).length > 0, 'must have at least one label')
    .optional()
    .describe(
      "Its `spec.selector.matchLabels`. Needed for delivery `merge` under Flux alone: `kubectl -n istio-ingress get deployment gateway -o jsonpath='{.spec.selector.matchLabels}'`.",
    ),
})

/** One item of `clusters`. */
export const cluster = z.strictObject({
  name: label.describe(
    'Unique: the `L=` of its intermediates, and its directory `clusters/<name>`. Do not change it: the record is found by it.',
  ),
  paths: z
    .array(path)
    .min(1)
    .describe(
      'Where discovery starts. Flux: the folders that the cluster syncs. Argo CD: the folders or files with the Applications, ApplicationSets and AppProjects that lead to the cluster; what these apply of the same kinds is followed by itself.',
    ),
  controlPlane: label
    .default('own')
    .describe('The istiod that serves the cluster is its own. The name of a primary cluster is refused for now.')
    .meta({ title: '`own`' }),
  istio,
  cacerts: z.strictObject({
    file: path.describe('The live sealed Secret. Each cluster has one of its own.'),
    managed: z
      .enum(['own', 'in-place'])
      .describe(
        "`own`: reroot's own Kustomization or Application delivers it. `in-place`: whoever delivers it now goes on doing so, and reroot changes its bytes. Do not change it by hand: the object would change its owner, and the old owner might delete it.",
      ),
  }),
  controller: z.discriminatedUnion('type', [fluxController, argocdController]),
  namespaces: z.array(statedNamespace).default([]).describe('Labels of namespaces that Git does not show. What Git shows counts more.'),
  workloads: z
    .array(statedWorkload)
    .default([])
    .describe(
      "Workloads of the mesh that nobody in Git defines: made by hand, by helm or istioctl. They are restarted like those that Git shows. Where Git shows one of the same name, Git's counts.",
    ),
})

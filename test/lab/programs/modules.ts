/** One Go module under `tools/`: what is built of it, and which of its files the lab reads. */
export interface ToolModule {
  /** Its folder under `tools/`, with go.mod and go.sum: they pin everything. */
  readonly folder: string
  /** The package of each program. */
  readonly programs: Readonly<Record<string, string>>
  /** Files of our own in it. */
  readonly sources?: readonly string[]
  /** Links beside a program that chooses its part by its name. */
  readonly links?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
  readonly cgo?: boolean
  /** Folders and files of modules that the program or the lab reads: module (`@version` where go.mod does not name it), path in it, name in the cache. */
  readonly assets?: readonly (readonly [module: string, path: string, name: string])[]
}

const strip = ['-ldflags', '-s -w'] as const

/** What the lab runs, slowest build first. Versions are in each folder's go.mod. */
export const toolModules: readonly ToolModule[] = [
  {
    folder: 'kubernetes',
    programs: Object.fromEntries(
      ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'].map((name) => [name, `k8s.io/kubernetes/cmd/${name}`]),
    ),
    // Without it the server reports no version, and clients complain.
    flags: ['-ldflags', '-s -w -X k8s.io/component-base/version.gitVersion=v1.34.3'],
  },
  {
    folder: 'handshakes',
    programs: { handshakes: 'reroot.dev/lab/handshakes' },
    sources: ['main.go'],
    flags: strip,
  },
  {
    folder: 'istiod',
    programs: { 'pilot-discovery': 'istio.io/istio/pilot/cmd/pilot-discovery' },
    flags: strip,
    assets: [['istio.io/istio', 'manifests/charts', 'charts']],
  },
  {
    folder: 'argocd',
    programs: { argocd: 'github.com/argoproj/argo-cd/v3/cmd' },
    links: { 'argocd-application-controller': 'argocd', 'argocd-repo-server': 'argocd', 'argocd-applicationset-controller': 'argocd' },
    flags: strip,
    assets: [
      ['github.com/argoproj/argo-cd/v3', 'manifests/crds', 'crds'],
      ['github.com/argoproj/argo-cd/v3', 'manifests/base/config', 'config'],
    ],
  },
  {
    folder: 'gitea',
    programs: { gitea: 'code.gitea.io/gitea' },
    flags: [...strip, '-tags', 'sqlite,sqlite_unlock_notify'],
    cgo: true,
    assets: [
      ['code.gitea.io/gitea', 'options', 'static/options'],
      ['code.gitea.io/gitea', 'templates', 'static/templates'],
    ],
  },
  {
    folder: 'kustomize-controller',
    programs: { 'kustomize-controller': 'github.com/fluxcd/kustomize-controller' },
    flags: strip,
    assets: [['github.com/fluxcd/kustomize-controller', 'config/crd/bases', 'crds']],
  },
  {
    folder: 'source-controller',
    programs: { 'source-controller': 'github.com/fluxcd/source-controller' },
    flags: strip,
    assets: [
      ['github.com/fluxcd/source-controller', 'config/crd/bases', 'crds'],
      // Its definitions only: its own dependencies are not all to be had.
      ['github.com/fluxcd/helm-controller@v1.6.0', 'config/crd/bases', 'helm-crds'],
    ],
  },
  { folder: 'sops', programs: { sops: 'github.com/getsops/sops/v3/cmd/sops' }, flags: strip },
  { folder: 'helm', programs: { helm: 'helm.sh/helm/v3/cmd/helm' }, flags: strip },
  { folder: 'etcd', programs: { etcd: 'go.etcd.io/etcd/server/v3' }, flags: strip },
  { folder: 'kustomize', programs: { kustomize: 'sigs.k8s.io/kustomize/kustomize/v5' }, flags: strip },
  { folder: 'age', programs: { age: 'filippo.io/age/cmd/age', 'age-keygen': 'filippo.io/age/cmd/age-keygen' }, flags: strip },
]

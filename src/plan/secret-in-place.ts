import type { Finding } from '../base/index.ts'
import type { ClusterConfig } from '../mesh/index.ts'
import type { CacertsSite, Discovery } from '../workloads/index.ts'

/** Where the Secret of a cluster is that another owner delivers; `null`: reroot delivers it, or Git does not show who does. */
export function secretSite({ cacerts }: Pick<ClusterConfig, 'cacerts'>, discovery: Discovery): CacertsSite | null {
  return cacerts.managed === 'own' ? null : (discovery.cacerts.find(({ site }) => site.file === cacerts.file) ?? null)
}

/**
 * The owner of a Secret in place may delete it: when its file moves, when a kustomization no longer lists it, when the owner goes. istiod would then
 * sign with a CA of its own after its next restart, and nobody would trust it.
 */
export function prunableSecret(cluster: Pick<ClusterConfig, 'name' | 'cacerts' | 'controller'>, discovery: Discovery): readonly Finding[] {
  const found = secretSite(cluster, discovery)
  if (found === null) return []
  const { site, pruned } = found
  if (pruned === null) return []
  const annotation =
    cluster.controller.type === 'flux'
      ? 'kustomize.toolkit.fluxcd.io/prune: disabled'
      : 'argocd.argoproj.io/sync-options: Prune=false,Delete=false'
  return [
    {
      id: 'ca/pruned',
      severity: 'warning',
      place: { cluster: cluster.name, file: site.file, line: site.line, object: 'Secret/cacerts' },
      message: 'its owner would delete the Secret once it is no longer in Git, and istiod would then sign with a CA of its own',
      expected: `the annotation ${annotation}`,
      found: pruned,
      remedy: `add the annotation with \`sops edit ${site.file}\`: a change without sops would break the seal`,
    },
  ]
}

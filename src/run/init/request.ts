import { sha256 } from '../../base/index.ts'
import type { Finding } from '../../base/index.ts'
import { initRequest } from '../../plan/index.ts'
import type { Layout, PullRequest } from '../../plan/index.ts'
import type { Worktree } from '../../ports.ts'
import type { Base } from '../base.ts'
import type { InitComposition } from './compose.ts'
import type { FoundCluster } from './find.ts'
import type { LeftOut } from './left-out.ts'
import type { Recipients } from './recipients.ts'
import { registeredBy } from './scaffold.ts'
import type { TakenOver } from './take-over.ts'

/** The pull request of `init`. */
export function describe(input: {
  readonly branch: string
  readonly base: Base
  readonly worktree: Worktree
  readonly layout: Layout
  readonly clusters: readonly FoundCluster[]
  readonly leftOut: readonly LeftOut[]
  readonly findings: readonly Finding[]
  readonly taken: TakenOver
  readonly recipients: Recipients
  readonly composition: InitComposition
}): PullRequest {
  const { composition, taken, recipients, worktree } = input
  return initRequest({
    branch: input.branch,
    base: input.base.branch,
    directory: input.layout.directory,
    mesh: taken.mesh,
    custodians: recipients.custodians,
    leftOut: input.leftOut,
    findings: input.findings,
    files: [...composition.write.keys()].toSorted().map((path) => ({ path, edited: worktree.files.read(path) !== null })),
    clusters: composition.config.clusters.map((cluster) => {
      const record = taken.records.get(cluster.name)
      const found = input.clusters.find((one) => one.sync.name === cluster.name)
      if (record === undefined || found === undefined) throw new TypeError(`init lost the cluster ${cluster.name}`)
      return {
        name: cluster.name,
        nameFrom: found.nameFrom,
        record,
        certChain: sha256(taken.sources.get(cluster.name)?.files.certChain ?? ''),
        managed: cluster.cacerts.managed,
        file: cluster.cacerts.file,
        controller: cluster.controller,
        registeredBy: registeredBy(found),
        istioNamespace: cluster.istio.namespace,
        recipients: recipients.clusters.find((one) => one.name === cluster.name)?.recipients ?? [],
        workloads: found.discovery.workloads.length,
      }
    }),
  })
}

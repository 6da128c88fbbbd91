import { RerootError } from '../../base/index.ts'
import type { Finding } from '../../base/index.ts'
import { faultOf } from '../../mesh/index.ts'
import { branchName, commitMessage, layoutOf } from '../../plan/index.ts'
import type { Layout, PullRequest } from '../../plan/index.ts'
import type { Files } from '../../ports.ts'
import { fetchBase, sayIfIgnored } from '../base.ts'
import type { Base } from '../base.ts'
import { differing, refuseSecrets } from '../changes.ts'
import type { Context } from '../context.ts'
import { deliver, presentCommit } from '../deliver.ts'
import type { Delivered } from '../deliver.ts'
import { findingsAhead } from './ahead.ts'
import { findOnTheirBranch } from './branch.ts'
import type { OnBranch } from './branch.ts'
import { composeInit, refuseOverwriting } from './compose.ts'
import type { FoundCluster, InitAnswers } from './find.ts'
import type { LeftOut } from './left-out.ts'
import { sayingClusters } from './found-so-far.ts'
import { completeRecipients } from './recipients.ts'
import type { RecipientAnswers } from './recipients.ts'
import { describe } from './request.ts'
import { scaffoldOf } from './scaffold.ts'
import { recipientsOfSealed, sealAdopted } from './seal.ts'
import { takeOver } from './take-over.ts'
import type { CaReader } from './take-over.ts'

export type { InitAnswers } from './find.ts'
export type { RecipientAnswers } from './recipients.ts'

export interface InitOptions {
  readonly directory: string
  /** The mesh's name; `null`: the repository's. */
  readonly mesh: string | null
  readonly answers: InitAnswers
  readonly recipients: RecipientAnswers
  /** PEM files of the repository with roots that are trusted in every phase. */
  readonly extraRoots: readonly string[]
  /** Reads the CA of a cluster that the repository has no Secret of; `null`: `--from` was not given. */
  readonly readCa: CaReader | null
  readonly push: boolean
  readonly dryRun: boolean
}

export interface InitResult {
  readonly base: Base
  readonly clusters: readonly FoundCluster[]
  /** Clusters that were seen, and are no part of it. */
  readonly leftOut: readonly LeftOut[]
  readonly findings: readonly Finding[]
  readonly request: PullRequest
  readonly write: ReadonlyMap<string, Uint8Array>
  /** `null` with `dryRun`. */
  readonly delivered: Delivered | null
}

/**
 * Takes over the CA that a mesh has: finds the clusters, opens their Secrets (or reads the CA's files), and writes the configuration, the
 * record, SOPS rules, and what Flux or Argo CD needs to pick them up, as one pull request.
 * @throws RerootError with everything that cannot be taken over, by name. Then nothing was written.
 */
export async function init(context: Context, checkout: Files, options: InitOptions): Promise<InitResult> {
  refuseMalformed(options)
  const fetched = await fetchBase(context, checkout, { directory: options.directory, push: options.push, config: null })
  const { base, worktree, clusters, leftOut, findings: found } = await findOnTheirBranch(context, fetched, options)
  try {
    const layout = layoutOf(options.directory)
    refuseTwice(worktree.files, layout)
    refuseSwallowed(clusters, layout)
    if (!options.dryRun) worktree.checkOut()
    const mesh = await meshName(context, options)
    const taken = await sayingClusters(context.terminal, { clusters, leftOut, findings: found }, () =>
      takeOver({ context, files: worktree.files, clusters, mesh, extraRoots: options.extraRoots, readCa: options.readCa }),
    )
    // Before people are asked anything: without room for it nothing can be committed.
    if (!options.dryRun) await worktree.folder()
    const known = recipientsOfSealed(worktree.files, clusters)
    const needed = clusters.filter((cluster) => cluster.cacerts === null).map((cluster) => cluster.sync.name)
    const recipients = await completeRecipients(context, needed, known, options.recipients)
    const { controllers } = recipients
    const scaffold = scaffoldOf({ base, layout, clusters, controllers, mesh: taken.mesh.mesh, extraRoots: options.extraRoots })
    const composition = await composeInit({
      files: worktree.files,
      layout,
      scaffold,
      clusters,
      mesh: taken.mesh,
      records: taken.records,
      recipients,
      extraRoots: taken.extraRoots,
    })
    refuseOverwriting(worktree.files, composition, ['.sops.yaml'])
    const branch = branchName(composition.config.git, 'init', 1, '')
    const existing = await presentCommit(context.git, base, branch, options.push, options.directory)
    if (existing !== null && (await context.git.commitsSince(base.commit, existing)).length > 0)
      context.terminal.say(
        `note: ${branch} is there already, and not merged: this run takes it up again, and replaces it if anything differs`,
      )
    await sealAdopted({ context, worktree, layout, clusters, taken, composition, earlier: existing })
    refuseSecrets(composition.write)
    const seen = [...found, ...clusters.flatMap((cluster) => cluster.discovery.findings)]
    const findings = [...found, ...findingsAhead(worktree.files, composition, layout, seen)]
    const request = describe({ branch, base, worktree, layout, clusters, leftOut, findings, taken, recipients, composition })
    const write = differing(composition.write, worktree.files)
    const result = { base, clusters, leftOut, findings, request, write }
    if (options.dryRun) return { ...result, delivered: null }
    return { ...result, delivered: await send(context, { base, worktree, request, write, existing, push: options.push }) }
  } finally {
    await worktree.dispose()
  }
}

async function send(
  context: Context,
  {
    base,
    worktree,
    request,
    write,
    existing,
    push,
  }: Pick<OnBranch, 'base' | 'worktree'> &
    Pick<InitResult, 'request' | 'write'> & { readonly existing: string | null; readonly push: boolean },
): Promise<Delivered | null> {
  await sayIfIgnored(context, worktree, [...write.keys()])
  const message = commitMessage(request, 'Take over the CA as it is: nothing restarts, no certificate changes.')
  const [delivered] = await deliver({
    git: context.git,
    worktree,
    remote: base.remote,
    base: base.commit,
    push,
    existing: new Map([[request.branch, existing]]),
    branches: [{ name: request.branch, write, remove: [], id: 'init', message }],
  })
  return delivered ?? null
}

/** What reroot.yaml would not take is refused before anything is read or opened. */
function refuseMalformed({ mesh, answers }: InitOptions): void {
  const given = [
    ['--mesh', 'mesh', mesh],
    ['--istio-version', 'istioVersion', answers.istioVersion],
    ['--istio-namespace', 'istioNamespace', answers.istioNamespace],
  ] as const
  for (const [flag, what, text] of given) {
    const fault = text === null ? null : faultOf(what, text)
    if (fault !== null)
      throw new RerootError('USAGE', `${flag} ${JSON.stringify(text)}: it ${fault}`, { hint: `correct ${flag} and run init again` })
  }
}

function refuseTwice(files: Files, layout: Layout): void {
  if (files.read(layout.config) === null) return
  throw new RerootError('REFUSED', `${layout.config} is there already: this mesh is initialised`, {
    hint: '`reroot status` says where it stands; another mesh of the same repository gets a --directory of its own',
  })
}

/** A folder that Flux applies already would apply reroot's files as they are, sealed Secrets included. Argo CD's are findings (argocd/swallowed). */
function refuseSwallowed(clusters: readonly FoundCluster[], layout: Layout): void {
  const kustomizations = clusters.flatMap((cluster) => cluster.discovery.controllers).filter((controller) => controller.type === 'flux')
  const by = kustomizations.find(({ path }) => path === '' || path === '.' || `${layout.directory}/`.startsWith(`${path}/`))
  if (by === undefined) return
  throw new RerootError(
    'REFUSED',
    `the Kustomization ${by.id} applies ${by.path === '' || by.path === '.' ? 'the whole repository' : by.path}, and would swallow ${layout.directory}`,
    {
      hint: `choose a --directory outside its path (${by.site.file}:${by.site.line})`,
    },
  )
}

/** The name of the mesh: said, or the repository's. */
async function meshName(context: Context, options: InitOptions): Promise<string> {
  if (options.mesh !== null) return options.mesh
  const folder = context.git.root.split('/').at(-1) ?? 'mesh'
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  context.terminal.say(`the mesh is called ${name === '' ? 'mesh' : name}, after this clone's folder (--mesh names it otherwise)`)
  return Promise.resolve(name === '' ? 'mesh' : name)
}

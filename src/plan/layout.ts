import { posix } from 'node:path'
import { sha256 } from '../base/index.ts'
import type { Config } from '../mesh/index.ts'
import type { GenerationId, RestartId, StateId } from '../rotation/index.ts'

/** Where reroot keeps what in the repository. All paths are relative to its root. */
export interface Layout {
  /** `mesh-ca` */
  readonly directory: string
  readonly config: string
  /** The JSON Schema of the configuration, for editors. */
  readonly schema: string
  readonly mesh: string
  root(generation: GenerationId): string
  cluster(name: string): ClusterLayout
}

export interface ClusterLayout {
  readonly directory: string
  readonly record: string
  readonly restarts: string
  readonly preparedDirectory: string
  prepared(state: StateId): string
  /** Where the live Secret goes if reroot delivers it. */
  readonly ownSecret: string
}

/** Beside the configuration, which names it for editors. */
export const schemaName = 'reroot.schema.json'

/** @param directory reroot's directory in the repository, without a trailing slash. */
export function layoutOf(directory: string): Layout {
  return {
    directory,
    config: `${directory}/reroot.yaml`,
    schema: `${directory}/${schemaName}`,
    mesh: `${directory}/mesh.yaml`,
    root: (generation) => `${directory}/roots/${generation}.sops.yaml`,
    cluster(name) {
      const own = `${directory}/clusters/${name}`
      return {
        directory: own,
        record: `${own}/record.yaml`,
        restarts: `${own}/restarts.yaml`,
        preparedDirectory: `${own}/prepared/`,
        prepared: (state) => `${own}/prepared/${state}.sops.yaml`,
        ownSecret: `${own}/cacerts/cacerts.sops.yaml`,
      }
    },
  }
}

/** The ConfigMap `mesh-ca-state` beside a Secret that another owner delivers. */
export function stateFile(secretFile: string): string {
  return posix.join(posix.dirname(secretFile), 'mesh-ca-state.yaml')
}

/** The name of reroot's own Application for a cluster of Argo CD's: a DNS-1123 label, which Argo CD may put into a label. */
export function applicationName(cluster: string): string {
  const name = `mesh-ca-${cluster}`
  return name.length <= 63 ? name : `${name.slice(0, 56).replace(/-+$/, '')}-${sha256(cluster).slice(0, 6)}`
}

/** What the branches of a mesh begin with, unless people choose otherwise: each directory has its own, since a repository may hold several meshes. */
export function branchPrefixFor(directory: string): string {
  const name = directory
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+|(\.lock|[-.])+$/g, '')
  return `${name === '' ? 'mesh-ca' : name}/`
}

/** The branch of a change set: the first is named by the id alone. Never a folder below it: a ref cannot be file and folder. */
export function branchName(git: Config['git'], id: RestartId, position: number, name: string): string {
  return position === 1 ? `${git.branchPrefix}${id}` : `${git.branchPrefix}${id}-${position}-${name}`
}

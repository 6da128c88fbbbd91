import { expect } from 'vitest'
import { parseYamlFile } from '../../src/base/index.ts'

/** A rendered object, as far as tests look into it. */
export interface Rendered {
  readonly file: string
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly rules?: readonly {
    readonly resources: readonly string[]
    readonly resourceNames?: readonly string[]
    readonly verbs: readonly string[]
  }[]
  readonly spec?: {
    readonly dependsOn?: readonly { readonly name: string }[]
    readonly path?: string
    readonly prune?: boolean
    readonly wait?: boolean
    readonly decryption?: unknown
    readonly sourceRef?: unknown
    readonly ttlSecondsAfterFinished?: number
    readonly activeDeadlineSeconds?: number
    readonly template?: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> }; readonly spec: PodSpec }
  }
}

export interface PodSpec {
  readonly serviceAccountName: string
  readonly restartPolicy: string
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly {
    readonly configMap?: MountedFiles
    readonly projected?: { readonly sources: readonly { readonly configMap: MountedFiles }[] }
  }[]
}

interface MountedFiles {
  readonly name: string
  readonly items: readonly { readonly key: string; readonly path: string }[]
}

interface Container {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly securityContext: unknown
}

/** The Kubernetes objects of rendered files: no kustomizations. */
export function objectsOf(files: ReadonlyMap<string, string>): readonly Rendered[] {
  return [...files].flatMap(([file, text]) => {
    const parsed = parseYamlFile(new TextEncoder().encode(text), file)
    expect(parsed.findings).toEqual([])
    return parsed.documents
      .map((document) => ({ ...(document.value as Rendered), file }))
      .filter(({ apiVersion }) => !apiVersion.startsWith('kustomize.config'))
  })
}

/** The files that a Job mounts from its ConfigMaps. */
export function itemsOf(job: Rendered): readonly { readonly configMap: string; readonly key: string; readonly path: string }[] {
  const mounted = (job.spec?.template?.spec.volumes ?? []).flatMap(({ configMap, projected }) => [
    ...(configMap === undefined ? [] : [configMap]),
    ...(projected?.sources.map((source) => source.configMap) ?? []),
  ])
  return mounted.flatMap(({ name, items }) => items.map((item) => ({ configMap: name, ...item })))
}

/** The text of one of these files. */
export function textIn(objects: readonly Rendered[], job: Rendered, path: string): string | undefined {
  const item = itemsOf(job).find((candidate) => candidate.path === path)
  return objects.find((object) => object.kind === 'ConfigMap' && object.metadata.name === item?.configMap)?.data?.[item?.key ?? '']
}

/** The workloads that a Job's ConfigMap names in one of its files, as `Kind/namespace/name`. */
export function stubsIn(objects: readonly Rendered[], job: Rendered, path: string): readonly string[] {
  const text = textIn(objects, job, path)
  if (text === undefined) return []
  const list = parseYamlFile(new TextEncoder().encode(text), path).documents[0]?.value as { readonly items: readonly Rendered[] }
  return list.items.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`)
}

/** The one Job of a file. */
export function jobIn(all: readonly Rendered[], file: string): Rendered {
  const [job, ...more] = all.filter((object) => object.kind === 'Job' && object.file.endsWith(file))
  if (job === undefined || more.length > 0) throw new Error(`${more.length} more Jobs in ${file}`)
  return job
}

/** The calls of a Job's containers, in the order in which they run. */
export function callsOf(job: Rendered): readonly string[] {
  const spec = job.spec?.template?.spec
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ command }) => command.join(' '))
}

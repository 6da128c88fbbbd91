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
    readonly configMap?: { readonly name: string; readonly items: readonly { readonly key: string; readonly path: string }[] }
  }[]
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

/** The workloads that a Job's ConfigMap names in one of its files, as `Kind/namespace/name`. */
export function stubsIn(objects: readonly Rendered[], job: Rendered, path: string): readonly string[] {
  const volume = job.spec?.template?.spec.volumes.find((candidate) => candidate.configMap !== undefined)?.configMap
  const key = volume?.items.find((item) => item.path === path)?.key
  const text = objects.find((object) => object.kind === 'ConfigMap' && object.metadata.name === volume?.name)?.data?.[key ?? '']
  if (text === undefined) return []
  const list = parseYamlFile(new TextEncoder().encode(text), path).documents[0]?.value as { readonly items: readonly Rendered[] }
  return list.items.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`)
}

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node'
import type { KubernetesObject } from '@kubernetes/client-node'
import { execa } from 'execa'
import type { Cluster } from './cluster.ts'
import { watch } from './emulator/watch.ts'

/** A HelmRelease, as far as it is looked at. */
interface HelmRelease extends KubernetesObject {
  readonly spec?: {
    readonly releaseName?: string
    readonly targetNamespace?: string
    readonly chart?: { readonly spec?: { readonly chart?: string } }
    readonly values?: object
    readonly dependsOn?: readonly { readonly name: string; readonly namespace?: string }[]
    readonly postRenderers?: readonly { readonly kustomize?: object }[]
  }
}

const group = { group: 'helm.toolkit.fluxcd.io', version: 'v2', plural: 'helmreleases' }

/**
 * Stands in for helm-controller, whose dependencies are not to be had: runs the real `helm` for every HelmRelease, with its values and kustomize
 * post-renderers, once for each change of its spec, and says so in its status. It never corrects drift, which helm-controller does not either by default.
 * @param charts the folder of each chart; those that are not in it become a release with one ConfigMap.
 */
export async function startHelmReleases(cluster: Cluster, charts: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
  const api = cluster.config.makeApiClient(CustomObjectsApi)
  const done = new Map<string, number>()
  const waiting: HelmRelease[] = []
  let busy = false
  const work = async (): Promise<void> => {
    if (busy) return
    busy = true
    for (let round = 0; waiting.length > 0 && !signal.aborted; round++) {
      const release = waiting.shift() as HelmRelease
      const key = keyOf(release.metadata?.namespace ?? '', release.metadata?.name ?? '')
      const generation = release.metadata?.generation ?? 0
      if ((done.get(key) ?? 0) >= generation) continue
      const needs = (release.spec?.dependsOn ?? []).map((one) => keyOf(one.namespace ?? release.metadata?.namespace ?? '', one.name))
      if (needs.some((need) => !done.has(need))) {
        waiting.push(release)
        await new Promise((resolve) => setTimeout(resolve, 300))
        continue
      }
      const problem = await install(cluster, charts, release).then(
        () => null,
        (error: unknown) => String(error).slice(0, 500),
      )
      if (problem === null) done.set(key, generation)
      await report(api, release, problem)
      const again = (): void => {
        waiting.push(release)
        void work()
      }
      if (problem !== null) setTimeout(again, 3000)
    }
    busy = false
  }
  await watch<HelmRelease>(
    cluster.config,
    `/apis/${group.group}/${group.version}/${group.plural}`,
    async () => (await api.listCustomObjectForAllNamespaces(group)) as never,
    signal,
    (release, event) => {
      if (event === 'delete') return
      waiting.push(release)
      void work()
    },
  )
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}

async function install(cluster: Cluster, charts: ReadonlyMap<string, string>, release: HelmRelease): Promise<void> {
  const { name = '', namespace = '' } = release.metadata ?? {}
  const { spec } = release
  const chart = charts.get(spec?.chart?.spec?.chart ?? '') ?? (await placeholderChart(cluster.folder, spec?.chart?.spec?.chart ?? name))
  const folder = join(cluster.folder, 'helm', `${namespace}-${name}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'values.json'), JSON.stringify(spec?.values ?? {}))
  const renderer = await postRenderer(cluster, folder, spec?.postRenderers ?? [])
  const target = spec?.targetNamespace ?? namespace
  await execa(
    cluster.programs.path('helm'),
    [
      ...['upgrade', '--install', spec?.releaseName ?? name, chart, '--namespace', target, '--values', join(folder, 'values.json')],
      ...(renderer === null ? [] : ['--post-renderer', renderer]),
    ],
    { env: { KUBECONFIG: cluster.kubeconfig, HOME: folder } },
  )
}

/** A chart of a third party, which has nothing to do with the mesh. */
export async function placeholderChart(parent: string, name: string): Promise<string> {
  const folder = join(parent, 'charts', name)
  await mkdir(join(folder, 'templates'), { recursive: true })
  await writeFile(join(folder, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: 0.0.1\n`)
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `stands-for-${name}` } }
  await writeFile(join(folder, 'templates/placeholder.yaml'), JSON.stringify(object))
  return folder
}

/** What helm pipes the manifests through: kustomize, with the patches of the release. */
async function postRenderer(
  cluster: Cluster,
  folder: string,
  renderers: readonly { readonly kustomize?: object }[],
): Promise<string | null> {
  const patches = renderers.flatMap(({ kustomize }) => (kustomize === undefined ? [] : [kustomize]))
  if (patches.length === 0) return null
  const kustomization = Object.assign({ resources: ['all.yaml'] }, ...patches) as object
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization))
  const script = join(folder, 'post-renderer.sh')
  await writeFile(script, `#!/bin/sh\ncat > '${folder}/all.yaml' && exec '${cluster.programs.path('kustomize')}' build '${folder}'\n`, {
    mode: 0o755,
  })
  return script
}

async function report(api: CustomObjectsApi, release: HelmRelease, problem: string | null): Promise<void> {
  const { name = '', namespace = '', generation } = release.metadata ?? {}
  const ready = {
    type: 'Ready',
    status: problem === null ? 'True' : 'False',
    reason: problem === null ? 'InstallSucceeded' : 'InstallFailed',
    message: problem ?? 'helm has installed it',
    lastTransitionTime: new Date().toISOString(),
    observedGeneration: generation,
  }
  await api
    .patchNamespacedCustomObjectStatus(
      { ...group, namespace, name, body: { status: { observedGeneration: generation, conditions: [ready] } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    )
    .catch(() => undefined)
}

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { CoreV1Api, V1Container, V1Pod, V1Volume } from '@kubernetes/client-node'
import { kubeconfigText } from '../cluster.ts'
import type { Cluster } from '../cluster.ts'
import { goSettings } from '../process.ts'

/**
 * Runs the containers of a Job's pod as local processes: init containers one after the other, then the one container, each with the pod's own
 * ServiceAccount, its ConfigMaps as files, and an empty /tmp. There is no file system of its own: where a command names a mount, it gets its folder.
 */
export class Containers {
  readonly #cluster: Cluster
  readonly #core: CoreV1Api
  readonly #pod: V1Pod
  readonly #folder: string
  #present: ChildProcess | null = null
  #stopped = false
  restarts = 0

  constructor(cluster: Cluster, core: CoreV1Api, pod: V1Pod) {
    this.#cluster = cluster
    this.#core = core
    this.#pod = pod
    this.#folder = join(cluster.folder, 'pods', `${pod.metadata?.name}`)
  }

  /** @returns when all have succeeded, or when it was stopped; a container that fails is run again (`OnFailure`), with a back-off. */
  async run(token: string): Promise<'succeeded' | 'stopped'> {
    await mkdir(join(this.#folder, 'volumes'), { recursive: true })
    await writeFile(join(this.#folder, 'kubeconfig'), kubeconfigText('in-cluster', this.#cluster.server, token), { mode: 0o600 })
    await this.#mountWhenThere()
    const { initContainers = [], containers = [] } = this.#pod.spec ?? {}
    for (const container of [...initContainers, ...containers]) {
      for (;;) {
        if (this.#stopped) return 'stopped'
        const code = await this.#runOnce(container).catch(() => 128)
        if (code === 0) break
        this.restarts += 1
        // The kubelet waits 10 s, 20 s … 5 min.
        await sleep(Math.min(500 * 2 ** Math.min(this.restarts, 3), 4000))
      }
    }
    return 'succeeded'
  }

  stop(): void {
    this.#stopped = true
    this.#present?.kill('SIGKILL')
  }

  /** As the kubelet, which does not start a pod before its ConfigMaps are there. */
  async #mountWhenThere(): Promise<void> {
    while (!this.#stopped) {
      const mounted = await Promise.all((this.#pod.spec?.volumes ?? []).map(async (volume) => this.#mount(volume))).then(
        () => true,
        () => false,
      )
      if (mounted) return
      await sleep(500)
    }
  }

  async #mount(volume: V1Volume): Promise<void> {
    const folder = join(this.#folder, 'volumes', volume.name)
    await mkdir(folder, { recursive: true })
    const sources = volume.projected?.sources?.map((one) => one.configMap) ?? [volume.configMap]
    for (const source of sources) {
      if (source?.name === undefined) continue
      const { data = {} } = await this.#core.readNamespacedConfigMap({
        name: source.name,
        namespace: this.#pod.metadata?.namespace ?? '',
      })
      const items = source.items ?? Object.keys(data).map((key) => ({ key, path: key }))
      for (const { key, path } of items) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), data[key] ?? '')
      }
    }
  }

  async #runOnce(container: V1Container): Promise<number> {
    const inside = mountedAt(container, join(this.#folder, 'volumes'))
    const [program = '', ...args] = [...(container.command ?? []), ...(container.args ?? [])]
    const written = await this.#environmentOf(container)
    const env = Object.fromEntries(Object.entries(written).map(([name, value]) => [name, inside(value)]))
    const log = openSync(join(this.#folder, `${container.name}.log`), 'a')
    const child = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', this.#program(program), ...args.map((arg) => inside(expanded(arg, written)))],
      {
        cwd: this.#folder,
        env: { ...goSettings, PATH: this.#path(), KUBECONFIG: join(this.#folder, 'kubeconfig'), ...env },
        stdio: ['ignore', log, log],
      },
    )
    closeSync(log)
    this.#present = child
    return new Promise((resolve) => {
      child.once('error', () => resolve(127))
      child.once('exit', (code) => resolve(code ?? 137))
    })
  }

  /** @throws while a ConfigMap that a variable comes from is not there. */
  async #environmentOf(container: V1Container): Promise<Record<string, string>> {
    const values: Record<string, string> = {}
    for (const { name, value, valueFrom } of container.env ?? []) {
      const from = valueFrom?.configMapKeyRef
      if (from === undefined) {
        values[name] = expanded(value ?? '', values)
        continue
      }
      const at = { name: from.name ?? '', namespace: this.#pod.metadata?.namespace ?? '' }
      const found = await this.#core.readNamespacedConfigMap(at).then(
        ({ data }) => data?.[from.key],
        () => undefined,
      )
      if (found !== undefined) values[name] = found
      else if (from.optional !== true) throw new Error(`ConfigMap ${from.name} has no ${from.key}`)
    }
    return values
  }

  #program(name: string): string {
    return basename(name) === 'kubectl' ? this.#cluster.programs.path('kubectl') : name
  }

  #path(): string {
    return [...this.#cluster.programs.folders, process.env['PATH'] ?? ''].join(':')
  }
}

/** `$(NAME)`, as Kubernetes reads it in commands: of an unknown name it stays (k8s.io/kubernetes/third_party/forked/golang/expansion). */
function expanded(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^)]+)\)/g, (match, name?: string) => (name === undefined ? '$' : (values[name] ?? match)))
}

/** Puts a mount's folder in the place of its path, in one pass: the folders may lie below a path that is mounted as well. */
function mountedAt({ volumeMounts = [] }: V1Container, folder: string): (text: string) => string {
  const folders = new Map(volumeMounts.map(({ name, mountPath }) => [mountPath, join(folder, name)]))
  const paths = [...folders.keys()].map((path) => path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const pattern = new RegExp(`(?<![\\w./-])(${paths.join('|')})(?=/|$)`, 'g')
  return paths.length === 0 ? (text) => text : (text) => text.replaceAll(pattern, (path) => folders.get(path) ?? path)
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}

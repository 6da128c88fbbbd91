import { makeInformer } from '@kubernetes/client-node'
import type { Informer, KubeConfig, KubernetesListObject, KubernetesObject, ObjectCache } from '@kubernetes/client-node'

export type Watch<T extends KubernetesObject> = Informer<T> & ObjectCache<T>

/** What happened to an object: the watch's own events, and nothing else. */
export type Seen<T> = (object: T, event: 'add' | 'update' | 'delete') => void

/** Watches objects until `signal` is aborted, through restarts of the API server too. Resolves when the first list is there. */
export async function watch<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  signal: AbortSignal,
  seen: Seen<T> = () => undefined,
): Promise<Watch<T>> {
  const informer = makeInformer<T>(config, path, list)
  for (const event of ['add', 'update', 'delete'] as const) informer.on(event, (object) => seen(object, event))
  informer.on('error', () => {
    if (!signal.aborted) setTimeout(() => void start(), 300)
  })
  const start = async (): Promise<void> => {
    if (signal.aborted) return
    await informer.start().catch(() => setTimeout(() => void start(), 300))
  }
  signal.addEventListener('abort', () => void informer.stop().catch(() => undefined))
  await informer.start()
  return informer
}

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { until } from './process.ts'

/** Applies the CustomResourceDefinitions of a folder, and waits until they can be used. Server-side: some are too large for kubectl's annotation. */
export async function defineAll(cluster: Cluster, folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
  const texts = await Promise.all(files.map(async (name) => readFile(join(folder, name), 'utf8')))
  const objects = texts.join('\n---\n')
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], objects)
  const established = async (): Promise<boolean> => {
    // kubectl fails on one that has no conditions yet.
    await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=10s', '-f', '-'], objects)
    return true
  }
  await until('the definitions', established, { seconds: 30 })
}

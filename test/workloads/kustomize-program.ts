import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseYamlFile } from '../../src/base/index.ts'
import { onPath } from '../support/tools.ts'

/** Whether the program `kustomize` 5.8 is there to compare with. */
export const haveKustomize = onPath('kustomize')

/** What one workload's pod template carries. */
export interface Template {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** Writes a tree into a new temporary folder. */
export function writeTree(tree: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), 'reroot-kustomize-'))
  for (const [file, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}

/** The objects that the real kustomize builds; `null` if it refuses. */
export function runKustomize(
  root: string,
  folder: string,
): Promise<{ readonly objects: readonly unknown[] } | { readonly refusal: string }> {
  return new Promise((resolve) => {
    execFile(
      'kustomize',
      ['build', join(root, folder), '--load-restrictor', 'LoadRestrictionsNone'],
      // Two side by side share the machine; a build is over before garbage matters.
      { maxBuffer: 64 << 20, env: { ...process.env, GOMAXPROCS: '1', GOGC: 'off' } },
      (error, stdout, stderr) => {
        if (error !== null) resolve({ refusal: stderr })
        else resolve({ objects: parseYamlFile(new TextEncoder().encode(stdout), 'kustomize').documents.map((document) => document.value) })
      },
    )
  })
}

/** Runs a job for every item, two side by side. */
export async function twoAtATime<T, R>(items: readonly T[], job: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      const item = items[index]
      if (item !== undefined) results[index] = await job(item, index)
    }
  }
  await Promise.all([worker(), worker()])
  return results
}

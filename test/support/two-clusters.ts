import { join } from 'node:path'
import type { Edits } from './forge.ts'
import { exampleTree, makeReader } from './example.ts'
import { Sandbox } from './sandbox.ts'
import type { SandboxWishes } from './sandbox.ts'

/** The example with a second cluster, `prod-us`: its own overlays of kustomize, and the folders of plain manifests that it shares. */
export function secondCluster(): Edits {
  const text = (path: string): string => Buffer.from(exampleTree()[path] ?? '').toString('utf8')
  const edits: Record<string, string> = {}
  for (const path of Object.keys(exampleTree())) {
    if (path.startsWith('clusters/prod/'))
      edits[path.replace('clusters/prod/', 'clusters/prod-us/')] = text(path)
        .replaceAll('./clusters/prod', './clusters/prod-us')
        .replaceAll('/overlays/prod', '/overlays/us')
    if (/^apps\/\w+\/overlays\/prod\//.test(path)) edits[path.replace('/overlays/prod/', '/overlays/us/')] = text(path)
  }
  return edits
}

/** A mesh of two clusters that share a root. The second unseals with the identity `us`. */
export async function twoClusters(wishes: SandboxWishes = {}): Promise<Sandbox> {
  const sandbox = await Sandbox.make({ clusters: ['prod', 'prod-us'], ...wishes, tree: { ...secondCluster(), ...wishes.tree } })
  await makeReader(join(sandbox.folder, 'keys/us.txt'))
  return sandbox
}

import type { YamlPath } from '../base/index.ts'
import type { Manifests } from './manifest.ts'
import type { Site } from './types.ts'

/** The line of the value at `path` of an object, which may be one of a List. */
export function lineAt(manifests: Pick<Manifests, 'lineOf'>, { file, document, item }: Site, path: YamlPath): number {
  return manifests.lineOf(file, document, item === undefined ? path : ['items', item, ...path])
}

// Many values may stand in one file: its bytes are those of one reading (ports.ts, Files).
const alreadySplit = new WeakMap<Uint8Array, readonly string[]>()

/** The line of a word in a text that is a value of a file: the line at which the value begins, or one of those below it. */
export function lineOfWord({ tree }: Pick<Manifests, 'tree'>, file: string, line: number, text: string, word: string): number {
  const bytes = tree.read(file)
  if (bytes === null) return line
  const lines = alreadySplit.get(bytes) ?? new TextDecoder().decode(bytes).split('\n')
  alreadySplit.set(bytes, lines)
  const own = lines.slice(line - 1, line + text.split('\n').length)
  return (
    line +
    Math.max(
      own.findIndex((one) => one.includes(word)),
      0,
    )
  )
}

import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { parseSync, Visitor } from 'rolldown/utils'
import { keptFor, mayImport, open, trusted } from './import-rules.ts'
import type { Part } from './import-rules.ts'

export interface SourceFile {
  /** Relative to the repository's root, with `/`. */
  readonly path: string
  readonly text: string
}

/** One line for every import that the table of `import-rules.ts` does not allow. */
export function importProblems(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const from = partOf(file.path)
    if (from === null) return [`${file.path}: belongs to no part of the house (scripts/house/import-rules.ts)`]
    return specifiersOf(file).flatMap(({ specifier, line }) => {
      const problem = judge(from, file.path, specifier)
      return problem === null ? [] : [`${file.path}:${line}: ${problem}`]
    })
  })
}

/** @returns the part that a file belongs to, or `null` if the table does not know it. */
export function partOf(path: string): Part | null {
  const [top = '', second = ''] = path.split('/')
  const name = (top === 'src' ? second : top).replace(/\.ts$/, '')
  return name in mayImport ? (name as Part) : null
}

function judge(from: Part, path: string, specifier: string | null): string | null {
  // Tests run what they have built.
  if (specifier === null) return from === 'test' ? null : 'an import whose target is computed cannot be judged'
  if (!specifier.startsWith('.')) return judgePackage(from, specifier)
  const target = posix.normalize(posix.join(posix.dirname(path), specifier))
  if (!target.endsWith('.ts')) return null
  const to = partOf(target)
  if (to === null) return `${target} belongs to no part of the house`
  if (to === from) return null
  if (!mayImport[from].includes(to)) return `${from} may not import ${to} (${target})`
  const door = target.startsWith('src/') && target.split('/').length > 2 && !open.includes(to)
  if (door && target !== `src/${to}/index.ts` && !trusted.includes(from))
    return `${from} enters ${to} beside its door: import src/${to}/index.ts, not ${target}`
  return null
}

function judgePackage(from: Part, specifier: string): string | null {
  if (from === 'scripts' || from === 'test') return null
  const name = nameOf(specifier)
  const keepers = keptFor.get(name)
  return keepers === undefined || keepers.includes(from) ? null : `${from} may not import ${name}`
}

/** `fs` is `node:fs`; what is no module of Node's is a package, whatever is taken from inside of it. */
function nameOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  if (builtinModules.includes(specifier)) return `node:${specifier}`
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}

/** What a file imports in any form: `import`, `import type`, `export from`, `import()`, and `import('…').Type`. */
function specifiersOf({ path, text }: SourceFile): readonly { readonly specifier: string | null; readonly line: number }[] {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]?.message ?? 'cannot be parsed'}`)
  const found: { specifier: string | null; line: number }[] = []
  const note = (node: { readonly start: number }, source: unknown): void => {
    const value = (source as { readonly value?: unknown } | null)?.value
    found.push({ specifier: typeof value === 'string' ? value : null, line: text.slice(0, node.start).split('\n').length })
  }
  new Visitor({
    ImportDeclaration: (node) => note(node, node.source),
    ExportAllDeclaration: (node) => note(node, node.source),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) note(node, node.source)
    },
    ImportExpression: (node) => note(node, node.source),
    TSImportType: (node) => note(node, node.source),
  }).visit(program)
  return found
}

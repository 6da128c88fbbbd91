import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { SourceFile } from './imports.ts'

/** Our own TypeScript below the given files and folders of the root, sorted; what does not exist is left out. */
export function sourceFiles(root: string, tops: readonly string[]): readonly SourceFile[] {
  return tops
    .flatMap((top) => (top.endsWith('.ts') ? [join(root, top)] : below(join(root, top))))
    .filter((file) => file.endsWith('.ts') && existsSync(file))
    .map((file) => ({ path: relative(root, file).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function below(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !`${entry.parentPath}/`.includes('/golden/'))
    .map((entry) => join(entry.parentPath, entry.name))
}

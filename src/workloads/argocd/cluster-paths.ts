import { folderOf, isUnder } from '../source-tree.ts'

/**
 * The fewest folders and files that hold some files: never the repository's root, and no folder that holds a file which must stay out.
 * @param others files that hold Argo CD's objects as well: a folder above all is taken only if it holds none of them.
 */
export function fewestPaths(files: readonly string[], others: readonly string[], mustStayOut: readonly string[]): readonly string[] {
  const holds = (folder: string, among: readonly string[]): boolean => among.some((file) => isUnder(file, folder))
  const near = files.map((file) => {
    const folder = folderOf(file)
    return folder === '' || holds(folder, mustStayOut) ? file : folder
  })
  const distinct = outermost([...new Set(near)])
  const above = commonFolder(distinct)
  const own = new Set(files)
  const strangers = others.filter((file) => !own.has(file))
  return distinct.length > 1 && above !== '' && !holds(above, strangers) && !holds(above, mustStayOut) ? [above] : distinct
}

function outermost(paths: readonly string[]): readonly string[] {
  const kept: string[] = []
  // A folder sorts before what is below it, but for names that go on with a character before the slash.
  for (const path of paths.toSorted((a, b) => a.length - b.length)) if (!kept.some((folder) => isUnder(path, folder))) kept.push(path)
  return kept.toSorted()
}

/** The lowest folder that holds all paths; `''` for the root. */
export function commonFolder(paths: readonly string[]): string {
  const [first, ...rest] = paths.map((path) => path.split('/'))
  const shared = first?.slice() ?? []
  for (const parts of rest) {
    const same = shared.findIndex((part, index) => part !== parts[index])
    if (same >= 0) shared.length = same
  }
  return shared.join('/')
}

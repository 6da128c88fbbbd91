import { posix } from 'node:path'
import { ignoredByFlux } from './source-ignore.ts'
import type { IgnoreFile } from './source-ignore.ts'

/** The files of one commit. */
export interface Files {
  list(): readonly string[]
  read(path: string): Uint8Array | null
  links?(): readonly { readonly path: string; readonly target: string; readonly leaves: boolean }[]
}

/** The repository as Flux's source shows it, without what it ignores, or whole as Argo CD checks it out; with its folders. Folders have no trailing slash; the top one is `''`. */
export interface SourceTree {
  /** Sorted. */
  readonly files: readonly string[]
  hasFile(path: string): boolean
  /** Whether Flux's source would leave out a file of this path, if there were one. */
  hides(path: string): boolean
  hasFolder(path: string): boolean
  /** Files and folders in a folder, sorted by name, as Go's filepath.Walk visits them. */
  entries(folder: string): readonly { readonly name: string; readonly path: string; readonly folder: boolean }[]
  read(path: string): Uint8Array | null
}

const trees = new WeakMap<Files, Map<string | null, SourceTree>>()

/** Clusters that read the same files have one tree. @param ignore the source's `spec.ignore`. */
export function readTree(files: Files, ignore: string | null): SourceTree {
  const known = trees.get(files) ?? new Map<string | null, SourceTree>()
  const tree = known.get(ignore) ?? treeOfSource(files, ignore)
  trees.set(files, known.set(ignore, tree))
  return tree
}

function treeOfSource(files: Files, ignore: string | null): SourceTree {
  // Flux's source leaves symbolic links out of what it hands on (source-controller, storage.go: Archive).
  const links = new Set((files.links?.() ?? []).map(({ path }) => path))
  const all = links.size === 0 ? files.list() : files.list().filter((path) => !isOrIsUnderOne(path, links))
  const ignoreFiles: IgnoreFile[] = all
    .filter((path) => posix.basename(path) === '.sourceignore')
    .map((path) => ({ folder: folderOf(path), text: new TextDecoder().decode(files.read(path) ?? new Uint8Array()) }))
  if (ignore !== null) ignoreFiles.push({ folder: '', text: ignore })
  return makeTree(files, all, ignoredByFlux(ignoreFiles))
}

function isOrIsUnderOne(path: string, folders: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) if (folders.has(path.slice(0, end))) return true
  return false
}

/** Argo CD reads the whole checkout. */
export function readWholeTree(files: Files): SourceTree {
  return makeTree(files, files.list(), () => false)
}

function makeTree(files: Files, all: readonly string[], ignored: (path: string) => boolean): SourceTree {
  const visible = all.filter((path) => !ignored(path))
  const known = new Set(visible)
  const folders = new Map<string, Map<string, boolean>>([['', new Map()]])
  for (const path of visible) register(folders, path)
  return {
    files: visible,
    hasFile: (path) => known.has(path),
    hides: ignored,
    hasFolder: (path) => folders.has(path),
    entries: (folder) =>
      [...(folders.get(folder) ?? [])]
        .map(([name, isFolder]) => ({ name, path: posix.join(folder, name), folder: isFolder }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    read: (path) => (known.has(path) ? files.read(path) : null),
  }
}

function register(folders: Map<string, Map<string, boolean>>, path: string): void {
  let child = path
  let isFolder = false
  for (;;) {
    const parent = folderOf(child)
    const siblings = folders.get(parent)
    if (siblings !== undefined) {
      siblings.set(posix.basename(child), isFolder)
      return
    }
    folders.set(parent, new Map([[posix.basename(child), isFolder]]))
    child = parent
    isFolder = true
  }
}

/** The folder that holds a path; the top folder is `''`. */
export function folderOf(path: string): string {
  const folder = posix.dirname(path)
  return folder === '.' ? '' : folder
}

/** @returns a written path, resolved against a folder, from the repository's root; `null` if it leaves the repository. */
export function resolvePath(folder: string, written: string): string | null {
  if (posix.isAbsolute(written)) return null
  const path = posix.normalize(posix.join(folder === '' ? '.' : folder, written)).replace(/\/$/, '')
  if (path === '..' || path.startsWith('../')) return null
  return path === '.' ? '' : path
}

/** A path as Flux and `reroot.yaml` write it, from the root of the repository, with or without `./`; `''` for the root, and for what leaves it. */
export function repositoryPath(written: string): string {
  return resolvePath('', written.replace(/^\/+/, '')) ?? ''
}

/** Whether a path is a folder or lies under it. */
export function isUnder(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

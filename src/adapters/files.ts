import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, sep } from 'node:path'
import { asBeginning, largestFileBytes, RerootError } from '../base/index.ts'
import type { Files, SymbolicLink } from '../ports.ts'

/**
 * The files of a folder as they are on disk. The list is made at the first question, each file is read at most once, and neither
 * follows later changes; a listed file that has gone since is an error, never an absent file. Symbolic links that leave the
 * folder, and what is neither a file nor a folder, are left out. Of a file that is too large only the beginning is read.
 * @param mostLinked entries below links to folders; more are an error.
 */
export function folderFiles(directory: string, mostLinked = mostLinkedEntries): Files {
  let listed: Listing | null = null
  const contents = new Map<string, Uint8Array>()
  const listing = (): Listing => (listed ??= listFolder(directory, mostLinked))
  const places = (): Listing['places'] => listing().places
  return {
    list: () => [...places().keys()],
    links: () => listing().links,
    read(path) {
      const place = places().get(path)
      if (place === undefined) return null
      // By its place: what a link shows is read once with what it leads to.
      const bytes = contents.get(place) ?? onDisk(place, () => readUpToLimit(place))
      contents.set(place, bytes)
      return bytes
    },
  }
}

// Each link to a folder shows all that is in it once more: a few thousand links to as many files would fill the memory.
const mostLinkedEntries = 1_000_000

function readUpToLimit(place: string): Uint8Array {
  const descriptor = openSync(place, 'r')
  try {
    const { size } = fstatSync(descriptor)
    if (size <= largestFileBytes) return readFileSync(descriptor)
    const bytes = new Uint8Array(largestFileBytes + 1)
    let length = 0
    for (let read = 1; read > 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    return asBeginning(bytes.subarray(0, length), size)
  } finally {
    closeSync(descriptor)
  }
}

interface Listing {
  /** Path in the repository → path on disk, sorted. */
  readonly places: ReadonlyMap<string, string>
  readonly links: readonly SymbolicLink[]
}

function listFolder(directory: string, mostLinked: number): Listing {
  const found: [string, string][] = []
  const links: SymbolicLink[] = []
  const root = onDisk(directory, () => realpathSync(directory))
  walk({ root, found, links, linked: { left: mostLinked }, link: null }, root, '')
  return {
    places: new Map(found.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    links: links.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

interface Walk {
  readonly root: string
  readonly found: [string, string][]
  readonly links: SymbolicLink[]
  /** How many entries of linked folders may still come. */
  readonly linked: { left: number }
  /** The link that was followed. Inside a linked folder no further link to a folder is followed, so that links cannot loop or multiply. */
  readonly link: string | null
}

function walk(state: Walk, folder: string, prefix: string): void {
  for (const entry of onDisk(folder, () => readdirSync(folder, { withFileTypes: true }))) {
    if (entry.name === '.git') continue
    if (state.link !== null && --state.linked.left < 0) throw tooManyLinked(state.link)
    const place = join(folder, entry.name)
    const path = prefix + entry.name
    if (entry.isFile()) state.found.push([path, place])
    else if (entry.isDirectory()) walk(state, place, `${path}/`)
    else if (entry.isSymbolicLink()) followLink(state, place, path)
  }
}

function followLink(state: Walk, place: string, path: string): void {
  const written = onDisk(place, () => readlinkSync(place))
  // Under a linked folder the path is not the link's own place, and the link is known from there.
  if (state.link === null) state.links.push({ path, target: written, leaves: leadsOut(path, written) })
  const target = targetOf(place)
  if (target === null || !isInside(state.root, target.place)) return
  if (target.isFile) state.found.push([path, target.place])
  else if (state.link === null && !isInside(target.place, place)) walk({ ...state, link: path }, target.place, `${path}/`)
}

/** As Argo CD judges it, by the words alone: each step must stay inside. */
function leadsOut(path: string, target: string): boolean {
  if (isAbsolute(target)) return true
  let depth = path.split('/').length - 1
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1
    else if (part !== '' && part !== '.') depth += 1
    if (depth < 0) return true
  }
  return false
}

/** @returns `null` for a link that leads nowhere, in a circle, or to something that is neither file nor folder. */
function targetOf(link: string): { readonly place: string; readonly isFile: boolean } | null {
  try {
    const place = realpathSync(link)
    const stat = statSync(place)
    return stat.isFile() || stat.isDirectory() ? { place, isFile: stat.isFile() } : null
  } catch {
    return null
  }
}

function isInside(folder: string, place: string): boolean {
  if (!place.startsWith(folder === sep ? folder : folder + sep)) return place === folder
  return !place.slice(folder.length).split(sep).includes('.git')
}

function onDisk<T>(place: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw cannotRead(place, error)
  }
}

function tooManyLinked(link: string): RerootError {
  return new RerootError('FILE_INVALID', `symbolic links show too many files a second time, up to those of ${link}`, {
    hint: 'remove the link, or let it lead to a smaller folder; if it is not committed, run in a clone of its own',
  })
}

function cannotRead(place: string, error: unknown): RerootError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  return new RerootError('ENVIRONMENT', `cannot read ${place} (${code})`, {
    hint: 'see that the path exists and that you may read it',
    cause: error,
  })
}

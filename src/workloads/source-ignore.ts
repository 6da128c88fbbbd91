import { withoutTrailing } from '../base/index.ts'
import { namePattern } from './name-pattern.ts'

// What Flux leaves out of the archive that its Kustomizations build from: github.com/fluxcd/pkg/sourceignore v0.18.0.
const versionControl = ['.git/', '.gitignore', '.gitmodules', '.gitattributes']
const byDefault = [
  ...['*.jpg', '*.jpeg', '*.gif', '*.png', '*.wmv', '*.flv', '*.tar.gz', '*.zip'],
  ...['.github/', '.circleci/', '.travis.yml', '.gitlab-ci.yml', 'appveyor.yml', '.drone.yml', 'cloudbuild.yaml'],
  ...['codeship-services.yml', 'codeship-steps.yml', '**/.goreleaser.yml', '**/.sops.yaml', '**/.flux.yaml'],
]

/** The lines of one ignore file, and the folder for which they hold (empty: the whole repository). */
export interface IgnoreFile {
  readonly folder: string
  readonly text: string
}

type NameTest = (name: string) => boolean

interface Pattern {
  readonly folder: readonly string[]
  readonly include: boolean
  readonly foldersOnly: boolean
  /** Parts between slashes; `null` is `**`. A pattern without a slash has one part, and matches at any depth. */
  readonly parts: readonly (NameTest | null)[]
  readonly anchored: boolean
}

/**
 * Makes the test for files that Flux does not see.
 * @param files every `.sourceignore`, and the source's own `spec.ignore` last. If any of them holds a pattern, Flux's default list no longer counts.
 */
export function ignoredByFlux(files: readonly IgnoreFile[]): (path: string) => boolean {
  const own = files.flatMap(({ folder, text }) =>
    text.split(/\r?\n/).flatMap((line) => (line.startsWith('#') || line.trim() === '' ? [] : parsePattern(line, folder))),
  )
  const base = own.length > 0 ? versionControl : [...versionControl, ...byDefault]
  const patterns = [...base.flatMap((line) => parsePattern(line, '')), ...own]
  return (path) => {
    const parts = path.split('/')
    // The last pattern that says anything about the file decides.
    for (let index = patterns.length - 1; index >= 0; index--) {
      const pattern = patterns[index]
      if (pattern !== undefined && matches(pattern, parts)) return !pattern.include
    }
    return false
  }
}

function parsePattern(line: string, folder: string): Pattern[] {
  const include = line.startsWith('!')
  let text = withoutTrailingSpaces(include ? line.slice(1) : line)
  const foldersOnly = text.endsWith('/')
  if (foldersOnly) text = text.slice(0, -1)
  const parts: (NameTest | null)[] = []
  for (const part of text.split('/').filter((one) => one !== '')) {
    const test = part === '**' ? null : namePattern(part)
    // A bracket that never closes: Go's filepath.Match fails as well, and the pattern matches nothing.
    if (test === null && part !== '**') return []
    parts.push(test)
  }
  return [{ folder: folder === '' ? [] : folder.split('/'), include, foldersOnly, anchored: text.includes('/'), parts }]
}

/** A space behind a backslash belongs to the name. */
function withoutTrailingSpaces(text: string): string {
  const rest = withoutTrailing(text, ' ')
  return rest.length < text.length && rest.endsWith('\\') ? `${rest} ` : rest
}

function matches(pattern: Pattern, path: readonly string[]): boolean {
  if (path.length <= pattern.folder.length || pattern.folder.some((name, index) => path[index] !== name)) return false
  const names = path.slice(pattern.folder.length)
  if (pattern.anchored) {
    const end = matchParts(pattern.parts, names)
    return end !== null && !(pattern.foldersOnly && end === names.length)
  }
  const [only] = pattern.parts
  if (only === undefined || only === null) return only === null && names.length > 0
  return names.some((name, index) => only(name) && !(pattern.foldersOnly && index === names.length - 1))
}

/** @returns how many names the parts used up, or `null` if they do not match the beginning of the path. */
function matchParts(parts: readonly (NameTest | null)[], names: readonly string[]): number | null {
  let at = 0
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]
    if (part === undefined) break
    if (part === null) {
      const next = parts[index + 1]
      if (next === undefined || next === null) continue
      while (at < names.length && !next(names[at] ?? '')) at++
      continue
    }
    if (!part(names[at] ?? '') || at >= names.length) return null
    at++
  }
  return at
}

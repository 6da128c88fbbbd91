import type { YamlPath } from '../../base/index.ts'
import { folderOf } from '../source-tree.ts'
import type { SourceTree } from '../source-tree.ts'
import { asList, asMap, asText, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'
import type { Budget } from './budget.ts'
import { withValues } from './generating.ts'
import type { Generating } from './generating.ts'
import { doubleStarMatcher, folderMatcher, pathspecMatcher } from './glob.ts'
import { flatten, pathParameters } from './parameters.ts'
import type { Parameters } from './template.ts'

/** The parameter sets of a git generator: one for each folder, or for each object in its files (v3.5.1, applicationset/generators/git.go). */
export function gitParameters(generating: Generating, spec: ValueMap, at: YamlPath): readonly Parameters[] {
  const url = asText(spec['repoURL']) ?? ''
  if (!generating.own.is(url)) {
    generating.problem({
      id: 'argocd/generator',
      severity: 'error',
      at: [...at, 'repoURL'],
      message: 'it reads another repository, so its Applications are unknown',
      expected: generating.own.url,
      found: url,
      remedy: 'write the Applications that matter to the mesh as manifests or as a list; or accept this finding if none of them does',
    })
    return []
  }
  const revision = asText(spec['revision'])
  if (!generating.own.follows(revision)) {
    generating.problem({
      id: 'argocd/revision',
      severity: 'warning',
      at: [...at, 'revision'],
      message: 'the generator reads a fixed revision; it is read here as the branch has it',
      expected: generating.own.branch ?? 'a branch',
      found: revision ?? '',
      remedy: 'let it follow the branch; or make sure that both show the same Applications, and say so with --confirmed',
    })
  }
  const directories = asList(spec['directories'])
  const prefix = asText(spec['pathParamPrefix'])
  const sets =
    directories.length > 0
      ? foldersMatching(generating, directories.map(asPattern)).map((folder) => pathParameters(folder, null, prefix, generating.goTemplate))
      : filesMatching(generating, asList(spec['files']).map(asPattern), at).flatMap((file) => fileParameters(generating, file, prefix, at))
  return sets.flatMap((set) => withValues(generating, spec, at, set))
}

interface Pattern {
  readonly path: string
  readonly exclude: boolean
}

function asPattern(entry: unknown): Pattern {
  return { path: asText(valueAt(entry, 'path')) ?? '', exclude: valueAt(entry, 'exclude') === true }
}

/** Folders, without hidden ones. */
function foldersMatching({ budget, manifests }: Generating, patterns: readonly Pattern[]): readonly string[] {
  const folders = foldersOf(manifests.tree)
  return fitting(budget, folders, patterns, 'folders').flatMap((index) => folders[index] ?? [])
}

const foldersOfTree = new WeakMap<SourceTree, readonly string[]>()

function foldersOf(tree: SourceTree): readonly string[] {
  const known = foldersOfTree.get(tree)
  if (known !== undefined) return known
  const folders = new Set<string>()
  for (const file of tree.files) {
    for (let folder = folderOf(file); folder !== '' && !folders.has(folder); folder = folderOf(folder)) folders.add(folder)
  }
  const visible = [...folders].filter((folder) => !/(^|\/)\./.test(folder)).toSorted(byParts)
  foldersOfTree.set(tree, visible)
  return visible
}

/** Go's filepath.WalkDir visits a folder before what is in it. */
function byParts(a: string, b: string): number {
  return a.replaceAll('/', '\0') < b.replaceAll('/', '\0') ? -1 : 1
}

const matchers = { folders: folderMatcher, pathspec: pathspecMatcher, doubleStar: doubleStarMatcher } as const

/** Which of some paths fit patterns, as indexes in their order; an exclusion wins wherever it stands. */
function fitting(budget: Budget, paths: readonly string[], patterns: readonly Pattern[], kind: keyof typeof matchers): readonly number[] {
  const included = new Set<number>()
  const excluded = new Set<number>()
  for (const { path, exclude } of patterns) {
    const matches = matchesOf(budget, paths, path, kind)
    budget.spend(0.01 + matches.length / 500)
    for (const index of matches) (exclude ? excluded : included).add(index)
  }
  return [...included].filter((index) => !excluded.has(index)).toSorted((a, b) => a - b)
}

function matchesOf(budget: Budget, paths: readonly string[], pattern: string, kind: keyof typeof matchers): readonly number[] {
  const key = `${kind}\0${pattern}`
  const known = budget.matches.get(key)
  if (known !== undefined) return known
  budget.spend(paths.length / 5000 + pattern.length / 100)
  const eachTry = (1 + pattern.length / 100) / 50
  const matches = matchers[kind](pattern, () => budget.spend(eachTry))
  const found: number[] = []
  for (const [index, path] of paths.entries()) if (matches(path)) found.push(index)
  budget.matches.set(key, found)
  return found
}

/** By default as `git ls-files` has it; a setting of Argo CD's changes that, and Git does not show it. */
function filesMatching({ budget, manifests, problem }: Generating, patterns: readonly Pattern[], at: YamlPath): readonly string[] {
  const { files } = manifests.tree
  const found = fitting(budget, files, patterns, 'pathspec')
  const otherwise = fitting(budget, files, patterns, 'doubleStar')
  let place = 0
  while (place < found.length && found[place] === otherwise[place]) place++
  // The first that only one of them has; behind the last file if there is none.
  const other = files[Math.min(found[place] ?? files.length, otherwise[place] ?? files.length)]
  if (other !== undefined) {
    problem({
      id: 'argocd/generator',
      severity: 'warning',
      at: [...at, 'files'],
      message: 'whether it reads a file depends on a setting of Argo CD (enable-new-git-file-globbing); the default is followed',
      expected: 'a pattern that means the same either way',
      found: other,
      remedy: 'write patterns without stars, or so that no deeper file matches',
    })
  }
  return found.flatMap((index) => files[index] ?? [])
}

function fileParameters(generating: Generating, file: string, prefix: string | null, at: YamlPath): readonly Parameters[] {
  const [document] = generating.manifests.wholeDocuments(file)
  const value = document?.value ?? {}
  const objects = (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map(asMap)
  if (objects.includes(null) || (document === undefined && (generating.manifests.tree.read(file)?.byteLength ?? 0) > 0)) {
    generating.problem({
      id: 'argocd/generator',
      severity: 'error',
      at: [...at, 'files'],
      message: 'a file of parameters cannot be read, so Argo CD makes no Applications',
      expected: 'a YAML or JSON map, or a list of maps',
      found: file,
      remedy: 'mend the file, or exclude it',
    })
    return []
  }
  const path = pathParameters(folderOf(file), file.split('/').at(-1) ?? file, prefix, generating.goTemplate)
  return objects.map((object) => ({ ...(generating.goTemplate ? object : flatten(object ?? {})), ...path }))
}

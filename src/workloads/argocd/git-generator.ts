import type { YamlPath } from '../../base/index.ts'
import { folderOf } from '../source-tree.ts'
import type { SourceTree } from '../source-tree.ts'
import { asList, asMap, asText, valueAt } from '../value.ts'
import type { ValueMap } from '../value.ts'
import { withValues } from './generating.ts'
import type { Generating } from './generating.ts'
import { doubleStarMatcher, folderMatcher, pathspecMatcher } from './glob.ts'
import type { Matcher } from './glob.ts'
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
      ? foldersMatching(generating.manifests.tree, directories.map(asPattern)).map((folder) =>
          pathParameters(folder, null, prefix, generating.goTemplate),
        )
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

/** Folders, without hidden ones; an exclusion wins wherever it stands. */
function foldersMatching(tree: SourceTree, patterns: readonly Pattern[]): readonly string[] {
  const takes = taking(patterns, folderMatcher)
  return foldersOf(tree).filter((folder) => takes(folder))
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

function taking(patterns: readonly Pattern[], matcher: (pattern: string) => Matcher): Matcher {
  const included = patterns.filter(({ exclude }) => !exclude).map(({ path }) => matcher(path))
  const excluded = patterns.filter(({ exclude }) => exclude).map(({ path }) => matcher(path))
  return (path) => included.some((matches) => matches(path)) && !excluded.some((matches) => matches(path))
}

/** By default as `git ls-files` has it; a setting of Argo CD's changes that, and Git does not show it. */
function filesMatching(generating: Generating, patterns: readonly Pattern[], at: YamlPath): readonly string[] {
  const { files } = generating.manifests.tree
  const takes = taking(patterns, pathspecMatcher)
  const takesOtherwise = taking(patterns, doubleStarMatcher)
  const found = files.filter((file) => takes(file))
  const other = files.find((file) => takes(file) !== takesOtherwise(file))
  if (other !== undefined) {
    generating.problem({
      id: 'argocd/generator',
      severity: 'warning',
      at: [...at, 'files'],
      message: 'whether it reads a file depends on a setting of Argo CD (enable-new-git-file-globbing); the default is followed',
      expected: 'a pattern that means the same either way',
      found: other,
      remedy: 'write patterns without stars, or so that no deeper file matches',
    })
  }
  return found
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

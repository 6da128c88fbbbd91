import type { Finding } from '../../base/index.ts'
import { isKustomizationPath, kustomizationFilesIn, readKustomization } from '../kustomization-file.ts'
import type { Kustomization } from '../kustomization-file.ts'
import { buildKustomization } from '../kustomize.ts'
import type { Manifests } from '../manifest.ts'
import { withoutProbe } from '../probe.ts'
import { makeReport } from '../report.ts'
import type { Report } from '../report.ts'
import { folderOf, isUnder, repositoryPath } from '../source-tree.ts'
import type { Reading } from './content.ts'
import { definitionKey, definitionOf, labelOf, siteKey } from './definition.ts'
import type { Definition } from './definition.ts'
import { filesReached, filesReachedFrom, listedIn } from './kustomize-source.ts'
import type { Applied } from './resolve.ts'
import { argocdWords } from './seeds.ts'

/** Where people apply Argo CD's objects from. */
interface HandApplied {
  readonly paths: readonly string[]
  /** reroot's own folder. */
  readonly ignore: string
  readonly namespace: string
}

/**
 * The seeds, with what kustomizations make of them that no Application builds: somebody applies these by hand (`kubectl apply -k`). The topmost ones
 * below the paths are built. What one elsewhere would change is a finding.
 * @param applied what Applications apply, as the seeds have them.
 * @returns `seeds` itself if nothing is changed.
 */
export function withHandApplied(
  reading: Reading,
  { paths, ignore, namespace }: HandApplied,
  seeds: readonly Definition[],
  applied: readonly Applied[],
  report: Report,
): readonly Definition[] {
  const { manifests } = reading
  const applying = applied.flatMap(({ content }) => content.paths).filter((path) => kustomizationFilesIn(manifests, path).length > 0)
  const byApplications = filesReachedFrom(manifests, applying)
  const below = paths.map(repositoryPath)
  const isMine = (file: string): boolean => below.some((path) => isUnder(file, path))
  const free = manifests.tree.files.filter(
    (file) => isKustomizationPath(file) && !(ignore !== '' && isUnder(file, ignore)) && !byApplications.has(file),
  )
  const built = topmost(manifests, free.filter(isMine)).flatMap((file) => build(reading, file, namespace, report))
  const bySite = new Map<string, Definition[]>()
  for (const definition of built)
    bySite.set(siteKey(definition.manifest), [...(bySite.get(siteKey(definition.manifest)) ?? []), definition])

  const raw = new Set(seeds.map(({ manifest }) => siteKey(manifest)))
  const replaced = [
    ...seeds.flatMap((seed) => bySite.get(siteKey(seed.manifest)) ?? [seed]),
    ...built.filter(({ manifest }) => !raw.has(siteKey(manifest))),
  ]
  const based = seeds.filter(({ manifest }) => hasKustomizationAbove(reading, manifest.site.file))
  if (based.length > 0)
    reportOthers(
      reading,
      free.filter((file) => !isMine(file)),
      based,
      report,
    )
  const keys = (definitions: readonly Definition[]): string => JSON.stringify(definitions.map(definitionKey))
  return keys(replaced) === keys(seeds) ? seeds : replaced
}

/**
 * Kustomization files that none of the others reads. Of the folders from which one is reached two are enough to tell: where bases stand on each other
 * by the thousand, all of them would be millions.
 */
function topmost(manifests: Manifests, files: readonly string[]): readonly string[] {
  const read = new Set<string>()
  const readers = new Map<string, readonly string[]>()
  const waiting = files.map(folderOf).map((folder) => ({ folder, from: folder }))
  for (const { folder, from } of waiting) {
    const known = readers.get(folder) ?? []
    if (known.length === 2 || known.includes(from)) continue
    readers.set(folder, [...known, from])
    if (folder !== from) for (const entry of manifests.tree.entries(folder)) read.add(entry.path)
    for (const path of listedIn(manifests, folder)) {
      if (manifests.tree.hasFolder(path)) waiting.push({ folder: path, from })
      else if (folderOf(path) !== from) read.add(path)
    }
  }
  return files.filter((file) => !read.has(file))
}

function build(reading: Reading, file: string, namespace: string, report: Report): readonly Definition[] {
  const { manifests, search } = reading
  const reached = [...filesReached(manifests, folderOf(file))]
  if (!reached.some((one) => search.hasAny(one, argocdWords))) return []
  const problems = makeReport()
  const kustomization = readKustomization(manifests, folderOf(file), problems)
  if (kustomization === null || kustomization.component) return []
  const made = definitionsOf(reading, kustomization, namespace, problems)
  // With a base that is elsewhere, as Argo CD's own mostly is, patches miss what they are for.
  const found = problems.all().filter(({ severity }) => severity === 'error')
  const remote = found.filter(({ id }) => id === 'workloads/remote-resource')
  for (const problem of remote) if (!/argo-?cd/i.test(problem.found ?? '')) report.add({ ...problem, severity: 'warning' })
  if (made.length > 0 && remote.length === 0) for (const problem of found) report.add(problem)
  return made
}

function definitionsOf({ manifests }: Reading, kustomization: Kustomization, namespace: string, report: Report): readonly Definition[] {
  return buildKustomization({ manifests, report, ksops: true }, kustomization, false).flatMap((resource) => {
    const definition = definitionOf(withoutProbe(resource), resource.manifest, null, namespace)
    return definition === null ? [] : [{ ...definition, appliedBy: kustomization.file }]
  })
}

/** kustomize reads no file from outside of its folder, so what an overlay changes lies below another kustomization. */
function hasKustomizationAbove({ manifests }: Reading, file: string): boolean {
  for (let folder = folderOf(file); ; folder = folderOf(folder)) {
    if (kustomizationFilesIn(manifests, folder).length > 0) return true
    if (folder === '') return false
  }
}

function reportOthers(reading: Reading, files: readonly string[], seeds: readonly Definition[], report: Report): void {
  const bySite = new Map(seeds.map((seed) => [siteKey(seed.manifest), seed]))
  const seedFiles = new Set(seeds.map(({ manifest }) => manifest.site.file))
  const candidates = topmost(reading.manifests, files).filter((file) =>
    [...filesReached(reading.manifests, folderOf(file))].some((one) => seedFiles.has(one)),
  )
  for (const file of candidates) {
    const kustomization = readKustomization(reading.manifests, folderOf(file), makeReport())
    if (kustomization === null || kustomization.component) continue
    for (const made of definitionsOf(reading, kustomization, seeds[0]?.namespace ?? '', makeReport())) {
      const seed = bySite.get(siteKey(made.manifest))
      if (seed?.kind !== 'Application' && seed?.kind !== 'ApplicationSet') continue
      if (JSON.stringify(seed.object) !== JSON.stringify(made.object)) report.add(changedElsewhere(file, seed))
    }
  }
}

function changedElsewhere(file: string, seed: Definition): Finding {
  const { site } = seed.manifest
  return {
    id: 'argocd/application',
    severity: 'error',
    place: { file, line: 1, object: labelOf(seed) },
    message: `a kustomization changes this ${seed.kind}, and no Application in Git builds it; it is read as ${site.file} has it`,
    expected: 'a kustomization below clusters[].paths, or one that an Application builds',
    found: file,
    remedy: `if people apply ${folderOf(file)} by hand, name it in clusters[].paths in place of ${folderOf(site.file)}; or let an Application build it`,
  }
}

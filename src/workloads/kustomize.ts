import { FolderBuilds } from './folder-builds.ts'
import type { Level } from './folder-builds.ts'
import { Gathering, eachOnce } from './gathering.ts'
import { generatedObjects } from './generators.ts'
import { setImages } from './images.ts'
import { ksopsResources } from './ksops.ts'
import { kustomizationFilesIn, readKustomization } from './kustomization-file.ts'
import type { Entry, Kustomization } from './kustomization-file.ts'
import type { Manifests } from './manifest.ts'
import { applyJsonPatches, applyPatches } from './patches.ts'
import type { Report } from './report.ts'
import { makeResource } from './resource.ts'
import type { Resource } from './resource.ts'
import { showToOverlay } from './overlay-view.ts'
import { addProbe } from './probe.ts'
import { resolvePath } from './source-tree.ts'
import { rename, setAnnotations, setLabels, setNamespace } from './transformers.ts'
import { reportUnread } from './unread-fields.ts'
import { asText, valueAt } from './value.ts'

/** `kustomize build` in memory (v5.8.1, api v0.21.1 internal/target), of identities, metadata and pod templates. */
export interface Build {
  readonly manifests: Manifests
  readonly report: Report
  /** Generators of KSOPS are run, as Argo CD can be set up to do; Flux cannot. */
  readonly ksops?: boolean
}

interface Running extends Build {
  readonly folders: FolderBuilds
}

/** Whose Component a restart patch would be: the kustomization built first, or, where Flux makes that one, those that it lists. */
type Overlay = 'this' | 'listed' | 'above'

/** Builds a kustomization that Flux applies. Problems are reported, and the rest is read on. */
export function buildKustomization(build: Build, kustomization: Kustomization, generatedByFlux: boolean): readonly Resource[] {
  const folders = new FolderBuilds(build.report)
  const level = folders.first(kustomization.folder)
  const resources = accumulate({ ...build, folders }, kustomization, [], level, generatedByFlux ? 'listed' : 'this')
  // krusty drops these at the very end, and only then looks for ids that a patch has made equal: patches may still address them.
  const applied = resources.filter(
    ({ object }) => (valueAt(object, 'metadata', 'annotations', 'config.kubernetes.io/local-config') ?? 'false') === 'false',
  )
  return eachOnce(applied, build.report, () => kustomization.place())
}

function accumulate(
  build: Running,
  kustomization: Kustomization,
  inherited: readonly Resource[],
  level: Level,
  overlay: Overlay,
): Resource[] {
  const gathered = new Gathering(build.report, inherited)
  for (const entry of kustomization.resources) addResource(build, gathered, kustomization, entry, level, overlay)
  for (const generated of generatedObjects(kustomization, build.manifests, build.report)) gathered.absorb(generated)
  if (build.ksops === true)
    for (const unsealed of ksopsResources(kustomization, build.manifests, build.report)) gathered.addGenerated(unsealed)
  addComponents(build, gathered, kustomization, kustomization.components, level)
  if (overlay === 'this') showToOverlay(kustomization.file, gathered.resources)
  addComponents(build, gathered, kustomization, kustomization.addedComponents, level)
  const made = transform(build, kustomization, gathered.resources)
  reportUnread(build, kustomization, made)
  return made
}

/** The order is kustomize's: kusttarget_configplugin.go, configureBuiltinTransformers. */
function transform(build: Build, kustomization: Kustomization, resources: readonly Resource[]): Resource[] {
  const { fields } = kustomization
  applyPatches(build.manifests, build.report, kustomization, resources)
  let left: readonly Resource[] = resources.filter((resource) => !resource.deleted)
  const namespace = asText(fields['namespace'])
  if (namespace !== null) {
    setNamespace(left, namespace)
    left = eachOnce(left, build.report, () => kustomization.place('namespace'))
  }
  const prefix = asText(fields['namePrefix'])
  const suffix = asText(fields['nameSuffix'])
  if (prefix !== null) rename(left, (name) => prefix + name)
  if (suffix !== null) rename(left, (name) => name + suffix)
  setLabels(left, fields)
  setAnnotations(left, fields)
  applyJsonPatches(build.manifests, build.report, kustomization, left)
  setImages(left, fields)
  return left.filter((resource) => !resource.deleted)
}

function addResource(
  build: Running,
  gathered: Gathering,
  parent: Kustomization,
  entry: Entry<string>,
  level: Level,
  overlay: Overlay,
): void {
  const path = resolvePath(parent.folder, entry.value)
  if (path !== null && build.manifests.tree.hasFile(path)) {
    for (const manifest of build.manifests.objects(path)) {
      const resource = makeResource(manifest)
      if (overlay === 'listed') addProbe(resource)
      gathered.add(resource, entry.place)
    }
    return
  }
  const sub = subFolder(build, path, entry, level, false)
  if (sub === null) return
  const of = overlay === 'listed' ? 'this' : 'above'
  const made = build.folders.build(`${of} ${sub.folder}`, level, sub.level, () => accumulate(build, sub.kustomization, [], sub.level, of))
  if (!build.folders.mayHandOn(made.length, entry.place)) return
  for (const resource of made) gathered.add(resource, entry.place)
}

function addComponents(build: Running, gathered: Gathering, parent: Kustomization, entries: readonly Entry<string>[], level: Level): void {
  for (const entry of entries) {
    const sub = subFolder(build, resolvePath(parent.folder, entry.value), entry, level, true)
    if (sub === null || !build.folders.mayTakeOver(gathered.resources.length, entry.place)) continue
    gathered.replaceBy(accumulate(build, sub.kustomization, gathered.resources, sub.level, 'above'), entry.place)
    level.asked |= sub.level.asked
  }
}

interface SubFolder {
  readonly folder: string
  readonly kustomization: Kustomization
  readonly level: Level
}

/** The folder that an entry names, to be built; `null` after reporting why it cannot be. */
function subFolder(build: Running, path: string | null, entry: Entry<string>, level: Level, asComponent: boolean): SubFolder | null {
  const folder = folderOfEntry(build, path, entry, level)
  const kustomization = folder === null ? null : readSub(build, folder, entry, asComponent)
  if (folder === null || kustomization === null) return null
  const below = build.folders.below(folder, level, entry.place)
  return below === null ? null : { folder, kustomization, level: below }
}

function readSub(build: Running, folder: string, entry: Entry<string>, asComponent: boolean): Kustomization | null {
  if (kustomizationFilesIn(build.manifests, folder).length === 0) {
    build.report.add(unreadable('workloads/missing-file', entry, 'the folder has no kustomization file', 'a kustomization.yaml in it'))
    return null
  }
  const kustomization = build.folders.kustomization(folder, () => readKustomization(build.manifests, folder, build.report))
  if (kustomization !== null && isEmpty(kustomization)) {
    build.report.add(unreadable('workloads/kustomization', entry, `${kustomization.file} is empty`, 'at least one field'))
  }
  if (kustomization === null || kustomization.component === asComponent) return kustomization
  const expected = asComponent ? 'kind: Component' : 'kind: Kustomization'
  build.report.add(unreadable('workloads/kustomization', entry, `${kustomization.file} is listed in the wrong field`, expected))
  return null
}

/** types.Kustomization, CheckEmpty. Flux fills an empty one at its own path, so only those below it are refused. */
function isEmpty({ fields }: Kustomization): boolean {
  return Object.entries(fields).every(([key, value]) => key === 'apiVersion' || key === 'kind' || value === null || value === '')
}

/** @returns the folder that an entry names, or `null` after reporting why there is none to read. */
function folderOfEntry(build: Running, path: string | null, entry: Entry<string>, level: Level): string | null {
  if (path !== null && build.manifests.tree.hasFolder(path)) {
    // The loader refuses a folder that is, or holds, one that is being read.
    if (build.folders.mayRead(path, level)) return path
    build.report.add(
      unreadable('workloads/cycle', entry, 'a kustomization includes itself, or a folder above itself', 'a folder beside or below it'),
    )
    return null
  }
  if (isRemote(entry.value)) {
    build.report.add(
      unreadable(
        'workloads/remote-resource',
        entry,
        'what this names is not in this repository, so its workloads are unknown',
        'a path in this repository',
      ),
    )
  } else if (path === null) {
    build.report.add(unreadable('workloads/outside-repository', entry, 'the path leaves the repository', 'a path in this repository'))
  } else {
    build.report.add(
      unreadable(
        'workloads/missing-file',
        entry,
        build.manifests.tool === 'Flux'
          ? 'there is no such file or folder: .sourceignore may hide it, and Flux leaves symbolic links out'
          : 'there is no such file or folder',
        'a file or folder of this repository',
      ),
    )
  }
  return null
}

function isRemote(text: string): boolean {
  return /^(git::|gh:|git@|github\.com[:/])|:\/\/|\.git(\/|\?|$)|[?&](ref|version|timeout|submodules)=/i.test(text)
}

function unreadable(
  id:
    | 'workloads/missing-file'
    | 'workloads/kustomization'
    | 'workloads/cycle'
    | 'workloads/remote-resource'
    | 'workloads/outside-repository',
  entry: Entry<string>,
  message: string,
  expected: string,
): Parameters<Report['add']>[0] {
  const remedy =
    id === 'workloads/remote-resource'
      ? 'copy it into the repository; or name its namespaces in reroot.yaml: restarts.namespaces, and accept this finding with a reason'
      : 'correct the path so that `kustomize build` succeeds'
  return { id, severity: 'error', place: entry.place(), message, expected, found: entry.value, remedy }
}

import { withoutTrailing } from '../../base/index.ts'
import type { Finding, YamlPath } from '../../base/index.ts'
import { makeReport } from '../report.ts'
import { nameOf } from '../resource.ts'
import { folderOf, isUnder } from '../source-tree.ts'
import { asList, asText, valueAt } from '../value.ts'
import type { Value } from '../value.ts'
import type { Reading } from './content.ts'
import { placeOf } from './definition.ts'
import type { Definition } from './definition.ts'
import { folderMatcher } from './glob.ts'
import { filesReached } from './kustomize-source.ts'
import { isKustomizationPath, readKustomization } from '../kustomization-file.ts'
import { buildKustomization } from '../kustomize.ts'

/**
 * Steps of Kargo (v1.11.2: Stage `spec.promotionTemplate.spec.steps`, PromotionTask `spec.steps`) that build a folder with the Secret cacerts, or of
 * reroot's own: what they render is committed to a branch, with the key in the clear.
 */
export function checkPipeline(reading: Reading, definition: Definition, ignore: string): readonly Finding[] {
  const { object } = definition
  const at = object['kind'] === 'Stage' ? ['spec', 'promotionTemplate', 'spec', 'steps'] : ['spec', 'steps']
  const steps = asList(valueAt(object, ...at))
  const checkouts = steps
    .filter((step) => valueAt(step, 'uses') === 'git-clone')
    .flatMap((step) => asList(valueAt(step, 'config', 'checkout')))
    .flatMap((checkout) => asText(valueAt(checkout, 'path')) ?? [])
    .map(plainPath)
  return steps.flatMap((step, index) => {
    const written = valueAt(step, 'uses') === 'kustomize-build' ? asText(valueAt(step, 'config', 'path')) : null
    if (written === null) return []
    const folder = foldersOf(reading, written, checkouts).find((candidate) => rendersSecret(reading, candidate, ignore))
    return folder === undefined ? [] : [renders(reading, definition, [...at, index], folder)]
  })
}

function plainPath(path: string): string {
  return withoutTrailing(path.replace(/^(\.\/)+/, ''), '/')
}

/** Folders of this repository that a path of the working directory may mean: without the checkout's own; expressions stand for any name. */
function foldersOf({ manifests }: Reading, written: string, checkouts: readonly string[]): readonly string[] {
  const plain = plainPath(written)
  const checkout = checkouts.filter((path) => plain.startsWith(`${path}/`)).toSorted((a, b) => b.length - a.length)[0]
  const inRepository = checkout === undefined ? plain : plain.slice(checkout.length + 1)
  const pattern = inRepository.replace(/\$\{\{[^}]*\}\}/g, '*')
  if (/^[*/]*$/.test(pattern)) return [] // nothing but expressions: it may mean any folder
  const matches = folderMatcher(pattern)
  const withKustomization = manifests.tree.files.filter(isKustomizationPath).map(folderOf)
  return withKustomization.filter((folder) => folder !== '' && matches(folder))
}

function rendersSecret({ manifests, search }: Reading, folder: string, ignore: string): boolean {
  const files = [...filesReached(manifests, folder)]
  if (ignore !== '' && files.some((file) => isUnder(file, ignore))) return true
  if (!files.some((file) => search.hasAny(file, ['cacerts']))) return false
  const report = makeReport()
  const kustomization = readKustomization(manifests, folder, report)
  const built = kustomization === null ? [] : buildKustomization({ manifests, report, ksops: true }, kustomization, false)
  return built.some(({ object, manifest }) => object['kind'] === 'Secret' && nameOf(object) === 'cacerts' && manifest.ksops !== undefined)
}

function renders({ manifests }: Reading, definition: Definition, at: YamlPath, folder: Value): Finding {
  return {
    id: 'argocd/rendered',
    severity: 'error',
    place: placeOf(manifests, definition, ...at),
    message: 'this step renders the Secret cacerts, and a later one would push it in the clear, with the CA’s key, to a branch',
    expected: 'a step that leaves out the folder with the Secret',
    found: `kustomize-build of ${String(folder)}`,
    remedy: 'take the folder out of the pipeline; if it was pushed before, the key is known: rotate to a new root',
  }
}

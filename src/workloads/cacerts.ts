import { appliedWave, howPruned } from './applier.ts'
import type { Applier } from './applier.ts'
import { generatedMark } from './generators.ts'
import type { Manifest } from './manifest.ts'
import { nameOf, namespaceOf } from './resource.ts'
import type { CacertsSite } from './types.ts'
import { asText, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

const secretName = 'cacerts'

/** Where other kinds say which Secret they make; by default it has their own name. */
const targetsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['SealedSecret', ['spec', 'template', 'metadata', 'name']],
  ['ExternalSecret', ['spec', 'target', 'name']],
  ['VaultStaticSecret', ['spec', 'destination', 'name']],
  ['Certificate', ['spec', 'secretName']],
])

/** @returns where the mesh's CA Secret is written, or `null` if the object neither is one nor makes one. */
export function cacertsSite(object: ValueMap, manifest: Manifest, applier: Applier): CacertsSite | null {
  const kind = asText(object['kind']) ?? ''
  const found = {
    site: manifest.site,
    namespace: namespaceOf(object),
    controller: applier.id,
    documents: manifest.documents,
    syncWave: appliedWave(object, applier.tool),
    ksops: manifest.ksops?.kustomization ?? null,
    pruned: howPruned(object, applier),
  }
  if (kind === 'Secret') {
    if (nameOf(object) !== secretName) return null
    if (valueAt(object, 'metadata', 'annotations', generatedMark) === 'true') return { ...found, form: 'other', kind: 'secretGenerator' }
    if (manifest.ksops?.from === 'secretFrom') return { ...found, form: 'other', kind: 'ksops secretFrom' }
    // Argo CD unseals nothing by itself: the API server would refuse what it reads (facts: gitops.md §5.1).
    if (manifest.sealed && applier.tool === 'Argo CD' && manifest.ksops === undefined)
      return { ...found, form: 'other', kind: 'sealed Secret that no KSOPS generator unseals' }
    return { ...found, form: manifest.sealed ? 'sops' : 'clear', kind }
  }
  const target = targetsOf.get(kind)
  if (target === undefined) return null
  const named = asText(valueAt(object, ...target)) ?? nameOf(object)
  return named === secretName ? { ...found, form: 'other', kind } : null
}

import { isMap } from 'yaml'
import type { YamlDocument } from '../../base/index.ts'
import { setDeep, pairOf } from './map-entry.ts'
import type { ParsedMap, ParsedPair } from './map-entry.ts'
import { lineAt, openSource, refuseAt, verified } from './source.ts'
import type { Source } from './source.ts'
import type { Splice } from './splice.ts'

/**
 * Sets an annotation of pod templates in a plain manifest. A key that is there gets the new value; nothing happens where it has it.
 * @param documents their places in the file, from 0.
 * @throws RerootError FILE_INVALID, with line and what to do, where this cannot be done without touching something else.
 */
export function annotatePodTemplates(
  bytes: Uint8Array,
  file: string,
  documents: readonly number[],
  annotation: { readonly key: string; readonly value: string },
): readonly Splice[] {
  const { key, value } = annotation
  const source = openSource(
    bytes,
    file,
    `write \`${key}: ${value}\` under spec.template.metadata.annotations by hand, or choose \`delivery: job\` for this workload in reroot.yaml`,
  )
  const byIndex = new Map(source.documents.map((document) => [document.index, document]))
  const intended = new Map<YamlDocument, unknown>()
  const splices: Splice[] = []
  for (const index of new Set(documents)) {
    const target = byIndex.get(index)
    const root = target?.nodeAlong(['spec', 'template', 'metadata', 'annotations'])
    if (target === undefined || !isMap(root))
      return refuseAt(source, target?.lineOf([]) ?? 1, `document ${index + 1} of the file is not an object`)
    const spec = mapAt(source, root, 'spec', () => target.lineOf([]))
    const template = mapAt(source, spec.map, 'template', () => lineAt(source, spec.pair.key.range[0]))
    if (annotationsOf(target.value)[key] === value) continue
    splices.push(...setDeep(source, template.pair, template.map, ['metadata', 'annotations', key], value))
    intended.set(target, withAnnotation(target.value, key, value))
  }
  if (splices.length === 0) return []
  return verified(
    source,
    splices,
    source.documents.map((one) => intended.get(one) ?? one.value),
  )
}

function mapAt(source: Source, map: ParsedMap, key: string, line: () => number): { readonly pair: ParsedPair; readonly map: ParsedMap } {
  const pair = pairOf(map, key)
  if (pair !== null && isMap(pair.value)) return { pair, map: pair.value }
  const at = pair === null ? line() : lineAt(source, pair.key.range[0])
  return refuseAt(source, at, `the workload has no "${key}" of its own here (it is missing, an alias, or a template)`)
}

type Values = Readonly<Record<string, unknown>>

function inner(value: unknown, key: string): Values {
  const found = typeof value === 'object' && value !== null ? (value as Values)[key] : undefined
  return typeof found === 'object' && found !== null ? (found as Values) : {}
}

function annotationsOf(workload: unknown): Values {
  return inner(inner(inner(inner(workload, 'spec'), 'template'), 'metadata'), 'annotations')
}

function withAnnotation(workload: unknown, key: string, value: string): unknown {
  const spec = inner(workload, 'spec')
  const template = inner(spec, 'template')
  const metadata = { ...inner(template, 'metadata'), annotations: { ...annotationsOf(workload), [key]: value } }
  return { ...(workload as Values), spec: { ...spec, template: { ...template, metadata } } }
}

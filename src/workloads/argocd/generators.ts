import { parseYamlFile } from '../../base/index.ts'
import type { YamlPath } from '../../base/index.ts'
import { asList, asMap, asText, put } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import { costOf } from './budget.ts'
import { clusterParameters } from './clusters-generator.ts'
import { shown, templateProblem } from './generating.ts'
import type { Generating, GeneratorProblem } from './generating.ts'
import { gitParameters } from './git-generator.ts'
import { combined, flatten, mergeOver, selects } from './parameters.ts'
import { renderDeep } from './template.ts'
import type { Parameters } from './template.ts'

/**
 * The parameter sets of one generator of an ApplicationSet (v3.5.1, applicationset/generators). What cannot be resolved offline is a problem, and gives
 * none.
 * @param given those of a matrix's first generator, for its second.
 */
export function generate(generating: Generating, generator: ValueMap, at: YamlPath, given: Parameters | null): readonly Parameters[] {
  const known = given === null ? generator : withGiven(generating, generator, at, given)
  if (known === null) return []
  const sets = Object.keys(known)
    .filter((type) => type !== 'selector' && asMap(known[type]) !== null)
    .flatMap((type) => generateType(generating, type, asMap(known[type]) ?? {}, [...at, type], given))
  const selector = known['selector']
  if (asMap(selector) === null) return sets
  generating.budget.spend(costOf(selector) * sets.length)
  return sets.filter((set) => selects(selector, flatten(set)))
}

function generateType(generating: Generating, type: string, spec: ValueMap, at: YamlPath, given: Parameters | null): readonly Parameters[] {
  switch (type) {
    case 'list':
      return spendFor(generating, listParameters(generating, spec, at))
    case 'git':
      return spendFor(generating, gitParameters(generating, spec, at))
    case 'clusters':
      return spendFor(generating, clusterParameters(generating, spec, at))
    case 'matrix':
      return matrixParameters(generating, spec, at, given)
    case 'merge':
      return mergeParameters(generating, spec, at, given)
    default:
      generating.problem({
        id: 'argocd/generator',
        severity: 'error',
        at,
        message: `what the generator ${type} finds is not in this repository, so its Applications are unknown`,
        expected: 'generators list, git, clusters, matrix, merge',
        found: type,
        remedy: 'write the Applications that matter to the mesh as manifests or as a list; or accept this finding if none of them does',
      })
      return []
  }
}

function spendFor({ budget }: Generating, sets: readonly Parameters[]): readonly Parameters[] {
  for (const set of sets) budget.spend(1 + costOf(set))
  return sets
}

/** The second generator of a matrix may name parameters of the first; its own `values` may also name its own, which come later. */
function withGiven(generating: Generating, generator: ValueMap, at: YamlPath, given: Parameters): ValueMap | null {
  generating.budget.spend(costOf(generator))
  const filled: Record<string, Value> = {}
  for (const [type, spec] of Object.entries(generator)) {
    const { values, template: _, generators, ...others } = asMap(spec) ?? {}
    const rendered = renderDeep(others, given, generating.render)
    if ('problem' in rendered) {
      generating.problem(templateProblem([...at, type], rendered.text, rendered.problem))
      return null
    }
    const own: Record<string, Value> = {}
    for (const [key, value] of Object.entries(asMap(values) ?? {})) {
      const outcome = renderDeep(value, given, generating.render)
      put(own, key, 'problem' in outcome ? value : outcome.value)
    }
    filled[type] = {
      ...asMap(rendered.value),
      ...(values === undefined ? {} : { values: own }),
      ...(generators === undefined ? {} : { generators }),
    }
  }
  return filled
}

function listParameters(generating: Generating, spec: ValueMap, at: YamlPath): readonly Parameters[] {
  const elements = asList(spec['elements']).flatMap((element, index) => {
    const set = asMap(element)
    if (set === null) return []
    if (generating.goTemplate) return [set]
    const { values, ...others } = set
    const flat = { ...others, ...Object.fromEntries(Object.entries(asMap(values) ?? {}).map(([key, value]) => [`values.${key}`, value])) }
    const odd = Object.entries(flat).find(([, value]) => typeof value !== 'string')
    if (odd === undefined) return [flat]
    generating.problem({
      id: 'argocd/generator',
      severity: 'error',
      at: [...at, 'elements', index, odd[0]],
      message: 'Argo CD refuses an element whose value is no text, unless spec.goTemplate is true',
      expected: 'a text, in quotes',
      found: shown(odd[1]),
      remedy: 'put the value in quotes, or set spec.goTemplate: true',
    })
    return []
  })
  const written = asText(spec['elementsYaml'])
  if (written === null) return elements
  // To read YAML takes much longer than to copy it.
  generating.budget.spend(written.length / 100)
  const more = parseYamlFile(new TextEncoder().encode(written), '').documents[0]?.value
  if (Array.isArray(more) && !written.includes('{{')) return [...elements, ...more.map(asMap).filter((set) => set !== null)]
  generating.problem({
    id: 'argocd/generator',
    severity: 'error',
    at: [...at, 'elementsYaml'],
    message: 'elementsYaml is made from something that reroot does not evaluate',
    expected: 'a YAML list of maps',
    found: written.split('\n')[0] ?? '',
    remedy: 'write the elements out; or accept this finding if none of the Applications matters to the mesh',
  })
  return elements
}

function childrenOf(spec: ValueMap): readonly ValueMap[] {
  return asList(spec['generators']).map((child) => asMap(child) ?? {})
}

function matrixParameters(generating: Generating, spec: ValueMap, at: YamlPath, given: Parameters | null): readonly Parameters[] {
  const [first, second, ...more] = childrenOf(spec)
  if (first === undefined || second === undefined || more.length > 0) {
    generating.problem(malformed([...at, 'generators'], 'a matrix has two generators', `${childrenOf(spec).length}`))
    return []
  }
  return generate(generating, first, [...at, 'generators', 0], given).flatMap((outer) =>
    generate(generating, second, [...at, 'generators', 1], outer).flatMap((inner) => {
      generating.budget.spend(1 + costOf(inner) + costOf(outer))
      const both = combined(outer, inner, generating.goTemplate)
      if (both === null) generating.problem(malformed(at, 'the two generators of a matrix contradict each other', shown(inner)))
      return both === null ? [] : [both]
    }),
  )
}

function mergeParameters(generating: Generating, spec: ValueMap, at: YamlPath, given: Parameters | null): readonly Parameters[] {
  const keys = asList(spec['mergeKeys']).map(String)
  const [base, ...others] = childrenOf(spec).map((child, index) => generate(generating, child, [...at, 'generators', index], given))
  if (base === undefined || others.length === 0 || keys.length === 0) {
    generating.problem(malformed(at, 'a merge has at least two generators, and mergeKeys', `mergeKeys ${keys.join(', ') || 'none'}`))
    return []
  }
  const keyOf = (set: Parameters): string => JSON.stringify(keys.map((key) => set[key] ?? null))
  const merged = new Map(base.map((set) => [keyOf(set), set]))
  if (merged.size < base.length) generating.problem(malformed(at, 'two parameter sets have the same merge keys', keys.join(', ')))
  for (const sets of others) {
    for (const set of sets) {
      const before = merged.get(keyOf(set))
      // What merges again and again is copied each time.
      generating.budget.spend(1 + costOf(keys) + 32 * costOf(before) + costOf(set))
      if (before !== undefined) merged.set(keyOf(set), generating.goTemplate ? mergeOver(before, set) : { ...before, ...set })
    }
  }
  return [...merged.values()]
}

function malformed(at: YamlPath, message: string, found: string): GeneratorProblem {
  const remedy = 'mend the ApplicationSet so that Argo CD generates its Applications'
  return { id: 'argocd/generator', severity: 'error', at, message, expected: 'a generator that Argo CD accepts', found, remedy }
}

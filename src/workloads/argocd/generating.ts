import type { FindingId, Severity, YamlPath } from '../../base/index.ts'
import { shorten, withoutCredentials } from '../../base/index.ts'
import type { Manifests } from '../manifest.ts'
import { asMap } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import { costOf, sizeOf } from './budget.ts'
import type { Budget } from './budget.ts'
import type { KnownCluster } from './known-clusters.ts'
import type { OwnRepository } from './repository-url.ts'
import { renderDeep } from './template.ts'
import type { Parameters, Render } from './template.ts'

/** What generators work with. */
export interface Generating {
  readonly manifests: Manifests
  readonly own: OwnRepository
  readonly clusters: readonly KnownCluster[]
  readonly goTemplate: boolean
  readonly render: Render
  readonly budget: Budget
  problem(problem: GeneratorProblem): void
}

export interface GeneratorProblem {
  readonly id: Extract<FindingId, 'argocd/generator' | 'argocd/template' | 'argocd/revision'>
  readonly severity: Severity
  /** From the ApplicationSet's root. */
  readonly at: YamlPath
  readonly message: string
  readonly expected: string
  readonly found: string
  readonly remedy: string
}

export function templateProblem(at: YamlPath, text: string, problem: string): GeneratorProblem {
  return {
    id: 'argocd/template',
    severity: 'error',
    at,
    message: 'a template cannot be filled in offline, so its Application is unknown',
    expected: 'parameters that Git or reroot.yaml shows, and functions that only change texts',
    found: problem.includes(text) ? problem : `${text}: ${problem}`,
    remedy:
      'write the Application as a manifest, or the parameter into Git; or accept this finding if the Application does not matter to the mesh',
  }
}

/** A value for the `found` of a finding; only its beginning if it is long. */
export function shown(value: Value): string {
  const items = Array.isArray(value) ? value.length : Object.keys(asMap(value) ?? {}).length
  if (typeof value === 'object' && sizeOf(value) > 4096) return `${Array.isArray(value) ? 'a list' : 'a map'} of ${items}`
  // Passwords go first: half of one would be left of what is cut.
  return shorten(withoutCredentials(JSON.stringify(value)))
}

/** Adds a generator's `values`, which may name its other parameters (value_interpolation.go). */
export function withValues(generating: Generating, spec: ValueMap, at: YamlPath, set: Parameters): readonly Parameters[] {
  const values = asMap(spec['values'])
  if (values === null || Object.keys(values).length === 0) return [set]
  generating.budget.spend(costOf(values))
  const rendered = renderDeep(values, set, generating.render)
  if ('problem' in rendered) {
    generating.problem(templateProblem([...at, 'values'], rendered.text, rendered.problem))
    return []
  }
  const filled = asMap(rendered.value) ?? {}
  if (generating.goTemplate) return [{ ...set, values: filled }]
  return [{ ...set, ...Object.fromEntries(Object.entries(filled).map(([key, value]) => [`values.${key}`, value])) }]
}

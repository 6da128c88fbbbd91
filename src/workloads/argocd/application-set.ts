import type { Finding, YamlPath } from '../../base/index.ts'
import type { Manifests } from '../manifest.ts'
import { makeReport } from '../report.ts'
import type { Destination } from '../types.ts'
import { asList, asMap, asText, valueAt } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import { destinationOf } from './application.ts'
import { placeOf } from './definition.ts'
import type { Definition } from './definition.ts'
import { costOf, mostSets, OverBudget, sizeOf } from './budget.ts'
import type { Budget } from './budget.ts'
import { generate } from './generators.ts'
import { templateProblem } from './generating.ts'
import type { Generating, GeneratorProblem } from './generating.ts'
import type { KnownCluster } from './known-clusters.ts'
import { mergeMissing } from './parameters.ts'
import type { OwnRepository } from './repository-url.ts'
import { renderDeep, rendererOf } from './template.ts'
import type { Parameters, Render } from './template.ts'

/** What an ApplicationSet is expanded with. */
export interface Expanding {
  readonly manifests: Manifests
  readonly own: OwnRepository
  readonly clusters: readonly KnownCluster[]
  /** One for all ApplicationSets. */
  readonly budget: Budget
  /** Whether an Application for this destination is of no interest: nobody needs to know what else it says. */
  irrelevant(destination: Destination): boolean
}

/** The Applications that an ApplicationSet makes (v3.5.1, applicationset/controllers/template), and what of it cannot be resolved offline. */
export function expandApplicationSet(
  expanding: Expanding,
  definition: Definition,
): { readonly applications: readonly Definition[]; readonly findings: readonly Finding[] } {
  const report = makeReport()
  const spec = asMap(definition.object['spec']) ?? {}
  const goTemplate = spec['goTemplate'] === true
  const problem = ({ at, ...finding }: GeneratorProblem): void =>
    report.add({ ...finding, place: placeOf(expanding.manifests, definition, ...at) })
  const generating: Generating = { ...expanding, goTemplate, render: meteredRender(goTemplate, expanding.budget), problem }
  const patch = asText(spec['templatePatch'])
  const applications = applicationsOf(expanding, generating, definition, spec)
  const isOfInterest = (one: Definition): boolean => !isForOther(expanding, definition, valueAt(one.object, 'spec', 'destination'))
  if (patch !== null && (mayMove(patch) || applications.some(isOfInterest))) problem(patched)
  return { applications, findings: isForOthers(expanding, definition, spec) ? [] : report.all() }
}

/** Without any once there are too many: some of them would tell no more than none. */
function applicationsOf(expanding: Expanding, generating: Generating, definition: Definition, spec: ValueMap): readonly Definition[] {
  try {
    return asList(spec['generators']).flatMap((entry, index) => {
      const generator = asMap(entry) ?? {}
      const template = templateOf(spec, generator)
      return generate(generating, generator, ['spec', 'generators', index], null).flatMap((parameters) => {
        const application = fillIn(expanding, generating, template, parameters)
        return application === null ? [] : [{ ...application, ...generatedBy(definition) }]
      })
    })
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error
    generating.problem(tooMany)
    return []
  }
}

function meteredRender(goTemplate: boolean, budget: Budget): Render {
  const render = rendererOf(goTemplate)
  return (text, parameters) => {
    const rendered = render(text, parameters)
    // What is filled in is kept, while the rest of a template is one for all.
    budget.spend(costOf(text) + ('text' in rendered ? 4 * costOf(rendered.text) : 0))
    return rendered
  }
}

/** Whether a patch may give Applications another destination: it names one, or an action may write whole lines. */
function mayMove(patch: string): boolean {
  const lines = patch.split('\n').map((line) => line.trim().replace(/^- /, ''))
  const writes = lines.some((line) => line.startsWith('{{') && !/^\{\{-?\s*(if|else|end|range|with|\/\*)/.test(line))
  return writes || /destination|\bto\w*(yaml|json)\b/i.test(patch)
}

/** Whether all its Applications are for clusters that are of no interest, as its templates say in plain text. */
function isForOthers(expanding: Expanding, set: Definition, spec: ValueMap): boolean {
  if (mayMove(asText(spec['templatePatch']) ?? '')) return false
  const generators = asList(spec['generators']).map((entry) => asMap(entry) ?? {})
  return generators.every((generator) => {
    const destination = valueAt(templateOf(spec, generator), 'spec', 'destination')
    if (asMap(destination) === null || JSON.stringify(destination).includes('{{')) return false
    return isForOther(expanding, set, destination)
  })
}

/** Into Argo CD's own namespace an Application may apply other Applications, so it is of interest. */
function isForOther({ irrelevant }: Expanding, { namespace }: Definition, destination: Value): boolean {
  return irrelevant(destinationOf(destination)) && asText(valueAt(destination, 'namespace')) !== namespace
}

/** An Application lives in the namespace of its ApplicationSet, whatever the template says. */
function generatedBy(definition: Definition): Pick<Definition, 'kind' | 'manifest' | 'parent' | 'namespace'> {
  return { kind: 'Application', manifest: definition.manifest, parent: definition, namespace: definition.namespace }
}

/** The template of a generator counts before that of the set, field by field; those of generators inside a matrix or merge do not. */
function templateOf(spec: ValueMap, generator: ValueMap): ValueMap {
  const own = Object.values(generator).map((type) => asMap(valueAt(type, 'template')))
  return mergeMissing(own.find((template) => template !== null) ?? {}, asMap(spec['template']) ?? {})
}

function fillIn(
  { irrelevant }: Expanding,
  { render, problem, budget }: Generating,
  template: ValueMap,
  parameters: Parameters,
): Pick<Definition, 'object'> | null {
  const written = { name: valueAt(template, 'metadata', 'name'), spec: template['spec'] }
  budget.spend(1 + costOf(written))
  const rendered = renderDeep(written, parameters, render)
  if ('problem' in rendered) {
    const destination = renderDeep(valueAt(template, 'spec', 'destination'), parameters, render)
    const elsewhere = 'value' in destination && irrelevant(destinationOf(destination.value))
    if (!elsewhere) problem(templateProblem(['spec', 'template', ...placeOfText(template, rendered.text)], rendered.text, rendered.problem))
    return null
  }
  // What is long in an Application is copied many times as it is read.
  budget.spend((sizeOf(rendered.value) / 4096) ** 1.5)
  const { name, spec } = asMap(rendered.value) ?? {}
  return { object: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { ...asMap(template['metadata']), name }, spec } }
}

/** Where in a template a text stands. */
function placeOfText(template: ValueMap, text: string): YamlPath {
  const find = (value: unknown, at: YamlPath): YamlPath | null => {
    if (value === text) return at
    const children = Array.isArray(value) ? value.map((child, index) => [index, child] as const) : Object.entries(asMap(value) ?? {})
    for (const [key, child] of children) {
      const found = find(child, [...at, key])
      if (found !== null) return found
    }
    return null
  }
  return find(template, []) ?? []
}

const tooMany: GeneratorProblem = {
  id: 'argocd/generator',
  severity: 'error',
  at: ['spec', 'generators'],
  message: 'the ApplicationSets up to this one make more than reroot follows, so the Applications of this one are unknown',
  expected: `at most ${mostSets} parameter sets together, those of generators inside others among them; long ones count several times`,
  found: 'more',
  remedy: 'let the generators find less; or write the Applications that matter to the mesh as manifests',
}

const patched: GeneratorProblem = {
  id: 'argocd/template',
  severity: 'error',
  at: ['spec', 'templatePatch'],
  message: 'reroot does not follow templatePatch; the Applications are read as the template has them',
  expected: 'everything in spec.template',
  found: 'spec.templatePatch',
  remedy: 'put into the template what the patch changes; or accept this finding if that does not matter to the mesh',
}

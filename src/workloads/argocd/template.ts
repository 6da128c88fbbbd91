import { asMap, put } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import { longestText, tooLong } from './long-texts.ts'
import { renderGoTemplate } from './go-template.ts'

/** The parameters of one Application: nested for Go templates, flat and texts for the older form. */
export type Parameters = ValueMap

/** A text with its parameters filled in, or why that cannot be done here. */
export type Rendered = { readonly text: string } | { readonly problem: string }

export type Render = (text: string, parameters: Parameters) => Rendered

/** How an ApplicationSet fills in its template: `spec.goTemplate` (v3.5.1, applicationset/utils/utils.go, Replace). */
export function rendererOf(goTemplate: boolean): Render {
  return goTemplate ? renderGoTemplate : renderFastTemplate
}

/** `{{ key }}`, with the whole key as it is written. What looks like no key at all is left alone, as Argo CD leaves it. */
function renderFastTemplate(text: string, parameters: Parameters): Rendered {
  const problems: string[] = []
  let length = text.length
  const filled = text.replace(/\{\{([^{}]*)\}\}/g, (found, tag: string) => {
    const key = tag.trim()
    const value = Object.hasOwn(parameters, key) ? parameters[key] : undefined
    if (typeof value === 'string') {
      length += value.length
      return length > longestText ? '' : value
    }
    if (/^[\w.[\]/-]+$/.test(key)) problems.push(`no parameter ${key}`)
    else if (key.startsWith('.')) problems.push(`${found} is a Go template, but spec.goTemplate is not true`)
    return found
  })
  if (length > longestText) problems.push(tooLong)
  const [problem] = problems
  return problem === undefined ? { text: filled } : { problem }
}

/** A value with every text and key in it filled in. */
export function renderDeep(
  value: Value,
  parameters: Parameters,
  render: Render,
): { readonly value: Value } | { readonly problem: string; readonly text: string } {
  if (typeof value === 'string') {
    const rendered = value.includes('{{') ? render(value, parameters) : { text: value }
    return 'problem' in rendered ? { ...rendered, text: value } : { value: rendered.text }
  }
  if (Array.isArray(value)) {
    const items: Value[] = []
    for (const item of value as readonly Value[]) {
      const rendered = renderDeep(item, parameters, render)
      if ('problem' in rendered) return rendered
      items.push(rendered.value)
    }
    return { value: items }
  }
  const map = asMap(value)
  if (map === null) return { value }
  const entries: Record<string, Value> = {}
  for (const [key, entry] of Object.entries(map)) {
    const name = renderDeep(key, parameters, render)
    const rendered = renderDeep(entry, parameters, render)
    if ('problem' in name) return name
    if ('problem' in rendered) return rendered
    put(entries, String(name.value), rendered.value)
  }
  return { value: entries }
}

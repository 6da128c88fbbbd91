import type { Place } from '../../base/index.ts'
import { restartAnnotation } from '../../base/index.ts'
import { groupVersion, nameOf, namespaceOf } from '../resource.ts'
import { asList, asMap, asText } from '../value.ts'
import type { Value, ValueMap } from '../value.ts'
import type { Application } from './application.ts'
import { globMatcher } from './glob.ts'

/** A rule by which Argo CD does not look at a part of objects: of an Application's `ignoreDifferences`, or of the ConfigMap argocd-cm. */
export interface IgnoreRule {
  place(): Place
  /** It passes over annotations of the object's pod template. */
  hidesTemplate(object: ValueMap): boolean
  /** It passes over the data of the object. */
  hidesData(object: ValueMap): boolean
}

const managedBy = 'argocd-controller'
const templatePath = ['spec', 'template', 'metadata', 'annotations', restartAnnotation]

/** Reads `spec.ignoreDifferences` (v3.5.1, util/argo/normalizers/diff_normalizer.go). Only what is sure to hide something counts. */
export function ignoreRulesOf(application: Application): readonly IgnoreRule[] {
  return asList(application.spec['ignoreDifferences']).flatMap((entry, index) => {
    const rule = asMap(entry)
    return rule === null ? [] : [makeRule(rule, () => application.place('spec', 'ignoreDifferences', index))]
  })
}

/** Reads `resource.customizations.ignoreDifferences.<group>_<kind>` and `….all` of argocd-cm. */
export function ignoreRulesOfSettings(data: ValueMap, parse: (text: string) => Value, place: () => Place): readonly IgnoreRule[] {
  const prefix = 'resource.customizations.ignoreDifferences.'
  return Object.entries(data).flatMap(([key, text]) => {
    if (!key.startsWith(prefix)) return []
    const settings = asMap(parse(asText(text) ?? ''))
    const [, group = '', kind = ''] = /^(?:(.*)_)?([^_]+)$/.exec(key.slice(prefix.length)) ?? []
    return settings === null
      ? []
      : [makeRule(kind === 'all' ? { ...settings, group: '*', kind: '*' } : { ...settings, group, kind }, place)]
  })
}

function makeRule(rule: ValueMap, place: () => Place): IgnoreRule {
  const group = globMatcher(asText(rule['group']) ?? '')
  const kind = globMatcher(asText(rule['kind']) ?? '')
  const name = asText(rule['name'])
  const namespace = asText(rule['namespace'])
  const applies = (object: ValueMap): boolean =>
    group(groupVersion(asText(object['apiVersion']) ?? '').group) &&
    kind(asText(object['kind']) ?? '') &&
    (name === null || name === nameOf(object)) &&
    (namespace === null || namespace === namespaceOf(object))
  const everything = asList(rule['managedFieldsManagers']).includes(managedBy)
  const paths = [...asList(rule['jsonPointers']).map(pointerPath), ...asList(rule['jqPathExpressions']).map(jqPath)]
  const covers = (wanted: readonly string[]): boolean =>
    everything || paths.some((path) => path !== null && path.length > 0 && path.every((part, index) => part === wanted[index]))
  const hidesTemplate = covers(templatePath)
  // One key that is passed over is one key too many: the Secret would hold new and old parts.
  const hidesData = everything || paths.some((path) => path !== null && path.length > 0 && (path[0] === 'data' || path[0] === 'stringData'))
  return { place, hidesTemplate: (object) => hidesTemplate && applies(object), hidesData: (object) => hidesData && applies(object) }
}

function pointerPath(pointer: Value): readonly string[] | null {
  const text = asText(pointer)
  if (text === null || !text.startsWith('/')) return null
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A plain jq path, `.a.b["c"]`, with or without `[]` at its end; `null` for expressions that do more. */
function jqPath(expression: Value): readonly string[] | null {
  const text = (asText(expression) ?? '').replace(/\s+/g, '').replace(/\[\]\??$/, '')
  if (!/^(\.[A-Za-z_]\w*\??|\.?\["[^"\\]*"\]\??|\."[^"\\]*"\??)+$/.test(text)) return null
  return [...text.matchAll(/\.([A-Za-z_]\w*)|\["([^"]*)"\]|\."([^"]*)"/g)].map(
    ([, plain, bracket, quoted]) => plain ?? bracket ?? quoted ?? '',
  )
}

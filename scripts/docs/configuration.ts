import type { JsonSchema } from '../../src/mesh/index.ts'

/** One key of `reroot.yaml`, for a row of the page. */
export interface ConfigurationKey {
  /** `clusters[].istio.version` */
  readonly path: string
  /** The path with the variant that has the key: `clusters[].controller(flux).namespace`. */
  readonly place: string
  readonly values: string
  /** `required`, – if it may be left out and is nothing then, or the default. */
  readonly presence: string
  readonly meaning: string
}

/**
 * Every key of a schema that holds a value or a list, in its order; maps are only walked through.
 * @throws Error for a key without a description.
 */
export function configurationKeys(schema: JsonSchema, path = '', place = path): readonly ConfigurationKey[] {
  const variants = schema.oneOf ?? []
  if (variants.length > 0) return variants.flatMap((variant) => configurationKeys(variant, path, `${place}(${variantName(variant)})`))
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const [own, there] = [path, place].map((parent) => (parent === '' ? name : `${parent}.${name}`)) as [string, string]
    const isList = child.type === 'array'
    const below = isList ? configurationKeys(child.items ?? {}, `${own}[]`, `${there}[]`) : configurationKeys(child, own, there)
    if (below.length > 0 && !isList) return below
    if (child.description === undefined) throw new Error(`${there} has no description in the schema`)
    const presence = child.default === undefined ? (schema.required?.includes(name) === true ? 'required' : '–') : code(child.default)
    return [{ path: own, place: there, values: valuesOf(child), presence, meaning: child.description }, ...below]
  })
}

/**
 * The page with its tables filled: each stands between `<!-- keys: PLACE -->` and `<!-- /keys -->`, and a key belongs to the longest place that it begins with.
 * @throws Error for a key that no table would have.
 */
export function configurationPage(page: string, schema: JsonSchema): string {
  const places = [...page.matchAll(/<!-- keys:(.*?)-->/g)].map(([, place = '']) => place.trim())
  const tables = new Map<string, ConfigurationKey[]>(places.map((place) => [place, []]))
  for (const key of configurationKeys(schema)) {
    const [place] = places.filter((one) => isWithin(key.place, one)).toSorted((a, b) => b.length - a.length)
    if (place === undefined) throw new Error(`no table of the page has ${key.place}`)
    tables.get(place)?.push(key)
  }
  return page.replace(/(<!-- keys:(.*?)-->\n)[\s\S]*?(<!-- \/keys -->)/g, (_, begin: string, place: string, end: string) => {
    const rows = (tables.get(place.trim()) ?? []).map((key) => `| \`${key.path}\` | ${key.values} | ${key.presence} | ${key.meaning} |\n`)
    return `${begin}| key | values | default | meaning, and when to change it |\n|---|---|---|---|\n${rows.join('')}${end}`
  })
}

function isWithin(key: string, place: string): boolean {
  return place === '' || key === place || (key.startsWith(place) && /^[.[(]/.test(key.slice(place.length)))
}

function variantName({ properties = {} }: JsonSchema): string {
  const [name] = Object.values(properties).flatMap((property) => (typeof property.const === 'string' ? [property.const] : []))
  if (name === undefined) throw new Error('a variant has no constant that names it')
  return name
}

/** Which values a key takes, in words. */
function valuesOf(schema: JsonSchema): string {
  const { type, items, minItems, minimum, maximum } = schema
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(code).join(' ')
  if (type === 'boolean') return '`true` `false`'
  if (type === 'integer') return `${minimum} to ${maximum}`
  if (type !== 'array') return schema.title ?? 'text'
  const of = items?.type === 'string' ? ` of ${plural(valuesOf(items))}` : ''
  return `list${of}${minItems === undefined ? '' : ', at least one'}`
}

function plural(values: string): string {
  return values === 'text' ? values : `${values.replace(/^an? /, '')}s`
}

/** A value as it stands in the file. */
function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

import { RE2JS } from 're2js'
import type { Resource } from './resource.ts'
import { asList, asMap, asText, scalarText, valueAt, withValueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

// Of images only istiod's is a fact: its tag is its version. Other containers are not even kept (manifest.ts).

interface Image {
  readonly name: string
  readonly tag: string
  readonly digest: string
}

const containers = ['spec', 'template', 'spec', 'containers'] as const

/** The field `images` of a kustomization (api v0.21.1, filters/imagetag): of a name, a tag or digest takes the place of both. */
export function setImages(resources: readonly Resource[], fields: ValueMap): void {
  const changes = [...asList(fields['images']), ...asList(fields['imageTags'])].map(asMap).filter((entry) => entry !== null)
  if (changes.length === 0) return
  for (const resource of resources) {
    const listed = valueAt(resource.object, ...containers)
    if (!Array.isArray(listed)) continue
    const changed = listed.map((container: Value) => {
      const image = asText(valueAt(container, 'image'))
      return image === null ? container : { ...asMap(container), image: changes.reduce(withChange, image) }
    })
    resource.object = withValueAt(resource.object, containers, () => changed)
  }
}

function withChange(written: string, change: ValueMap): string {
  if (!isNamed(written, asText(change['name']) ?? '')) return written
  const image = imageOf(written)
  const text = (field: string): string => scalarText(change[field]) ?? ''
  const name = text('newName') || image.name
  if (text('newTag') !== '' || text('digest') !== '') return imageText({ name, tag: text('newTag'), digest: text('digest') })
  const suffix = text('tagSuffix')
  return imageText(suffix === '' ? { ...image, name } : { name, tag: image.tag + suffix, digest: '' })
}

/** The name is an expression to kustomize, as it happens. */
function isNamed(written: string, name: string): boolean {
  try {
    return RE2JS.compile(`^${name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`).matcher(written).find()
  } catch {
    return false
  }
}

/** Registry ports hold a colon too: a tag is behind the last slash. */
export function imageOf(written: string): Image {
  const [front = '', digest = ''] = splitAt(written, written.indexOf('@'))
  if (/[\n\r\u2028\u2029]/.test(digest)) return { name: written, tag: '', digest: '' }
  const [name = '', tag = ''] = splitAt(front, front.indexOf(':', front.lastIndexOf('/') + 1))
  return { name, tag, digest }
}

function splitAt(text: string, index: number): readonly string[] {
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + 1)]
}

function imageText({ name, tag, digest }: Image): string {
  return name + (tag === '' ? '' : `:${tag}`) + (digest === '' ? '' : `@${digest}`)
}

/** `spec.images` of a Flux Kustomization, written over those of the file (github.com/fluxcd/pkg/kustomize v1.35.4): what it leaves open stays. */
export function withFluxImages(written: readonly Value[], added: readonly Value[]): readonly Value[] {
  const images = written.map((entry) => asMap(entry) ?? {})
  for (const entry of added) {
    const image = asMap(entry)
    if (image === null) continue
    const index = images.findIndex(({ name }) => name === image['name'])
    const { newName, newTag, digest } = image
    const version = newTag === undefined && digest === undefined ? {} : { newTag, digest }
    if (index === -1) images.push(image)
    else images[index] = { ...images[index], ...(newName === undefined ? {} : { newName }), ...version }
  }
  return images
}

/** `kustomize edit set image` (v5.8.1): `name=other:tag`, where an asterisk keeps what the file has; what is not said goes. */
export function withImageArguments(written: readonly Value[], added: readonly string[]): readonly Value[] {
  const images = new Map(written.map((entry) => [asText(valueAt(entry, 'name')) ?? '', asMap(entry) ?? {}]))
  for (const argument of added) {
    const [first = '', ...rest] = argument.split('=')
    const { name, tag, digest } = imageOf(rest.length === 0 ? first : rest.join('='))
    const key = rest.length === 0 ? name : first
    const before = images.get(key)
    const kept = (text: string, field: string): Value => (text === '*' ? before?.[field] : text)
    images.set(key, {
      name: key,
      newName: rest.length === 0 ? undefined : kept(name, 'newName'),
      newTag: kept(tag, 'newTag'),
      digest: kept(digest, 'digest'),
    })
  }
  return [...images.values()]
}

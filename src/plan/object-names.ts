import { sha256 } from '../base/index.ts'

// A Job's name becomes the value of its pods' label `job-name`, a Kustomization's that of its objects' owner label.
const longest = 63

/** `mesh-ca-<wave>`: a link of the chain, and what belongs to it from step to step. */
export function linkName(wave: string, part: string | null = null): string {
  return fitName('mesh-ca', wave, part === null ? [] : [part])
}

/**
 * A name of an object. Joins with dashes; what is too long is cut in the middle, where a hash keeps it apart from others that start the same.
 * @throws TypeError if it cannot be a name.
 */
export function fitName(head: string, middle: string, tail: readonly string[]): string {
  const room = longest - [head, ...tail].join('-').length - 1
  const short =
    middle.length <= room ? middle : `${middle.slice(0, Math.max(0, room - 7)).replace(/-+$/, '')}-${sha256(middle).slice(0, 6)}`
  const name = [head, short, ...tail].join('-')
  if (!isLabel(name)) throw new TypeError(`not a DNS-1123 label: ${JSON.stringify(name)}`)
  return name
}

/** A DNS-1123 label. */
export function isLabel(text: string): boolean {
  return text.length <= longest && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)
}

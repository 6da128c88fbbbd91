import type { Finding } from '../base/index.ts'
import type { Site } from './types.ts'

// apimachinery, validation.IsDNS1123Subdomain and IsDNS1123Label.
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const subdomain = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/

/**
 * The finding for an object that no API server accepts by its name: `../cart`, `Cart`, a template in quotes. Names come into
 * `restarts.yaml`, paths and Jobs, so that such a one must not get further.
 */
export function badName(kind: string, namespace: string | null, name: string, site: Site): Finding | null {
  const isNamespace = kind === 'Namespace'
  const fits = isNamespace ? label.test(name) : subdomain.test(name) && name.length <= 253
  if (fits && (namespace === null || label.test(namespace))) return null
  return {
    id: 'workloads/name',
    severity: 'error',
    place: { file: site.file, line: site.line, object: kind },
    message: fits
      ? 'the namespace of this object is not a name that Kubernetes accepts'
      : 'the name of this object is not one that Kubernetes accepts',
    expected:
      fits || isNamespace ? 'at most 63 lower-case letters, digits and dashes' : 'at most 253 lower-case letters, digits, dashes and dots',
    found: JSON.stringify((fits ? (namespace ?? '') : name).slice(0, 80)),
    remedy: 'correct it; a template must be rendered before it is committed',
  }
}

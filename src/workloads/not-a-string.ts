import type { Finding, YamlPath } from '../base/index.ts'
import { lineAt } from './line-at.ts'
import type { Manifests, PlainDocument } from './manifest.ts'
import { asMap, scalarText, valueAt } from './value.ts'
import type { ValueMap } from './value.ts'

/** A number or a boolean where Kubernetes wants a string. */
export interface NotAString {
  readonly path: YamlPath
  readonly value: unknown
  /** Whether it decides which workloads there are, and where. */
  readonly decides: boolean
}

/**
 * What of an object's identity is no string: a Deployment that is named `y`. kustomize takes it for a string all the same and writes quotes around
 * it, sometimes (`y`, `on`; not `true` or `1`); kubectl, Argo CD and the API server never do. So nobody can say whether it exists.
 * @param decides whether the content of such an object counts; then its labels and annotations are looked at too.
 */
export function notStrings(object: ValueMap, decides: boolean): readonly NotAString[] {
  const found: NotAString[] = []
  const look = (path: readonly string[]): void => {
    const value = valueAt(object, ...path)
    if (typeof value !== 'string' && (scalarText(value) !== null || value instanceof Uint8Array)) found.push({ path, value, decides })
  }
  for (const path of [['apiVersion'], ['kind'], ['metadata', 'name'], ['metadata', 'namespace']]) look(path)
  if (!decides) return found
  for (const place of [['metadata'], ['spec', 'template', 'metadata']])
    for (const field of ['labels', 'annotations'])
      for (const key of Object.keys(asMap(valueAt(object, ...place, field)) ?? {})) look([...place, field, key])
  return found
}

/** The finding for it. */
export function notAString(
  { site }: PlainDocument,
  object: ValueMap | null,
  { path, value, decides }: NotAString,
  manifests: Pick<Manifests, 'lineOf'>,
): Finding {
  const [kind, name] = [valueAt(object, 'kind'), valueAt(object, 'metadata', 'name')]
  const names = [kind, name].filter((part) => typeof part === 'string')
  return {
    id: 'workloads/not-a-string',
    severity: decides ? 'error' : 'warning',
    place: {
      file: site.file,
      line: lineAt(manifests, site, path),
      ...(names.length === 0 ? {} : { object: names.join(' ') }),
    },
    message: `${path.join('.')} is not a string: YAML takes y, n, yes, no, on and off for booleans, and what looks like a number for one`,
    expected: 'a string, in quotes if it looks like anything else',
    found: value instanceof Uint8Array ? 'bytes (!!binary)' : `the ${typeof value} ${String(value)}`,
    remedy: 'put the value in quotes, as it is written; or rename it',
  }
}

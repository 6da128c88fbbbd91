import type { YamlPath } from '../base/index.ts'
import type { Manifests } from './manifest.ts'
import type { Site } from './types.ts'

/** The line of the value at `path` of an object, which may be one of a List. */
export function lineAt(manifests: Pick<Manifests, 'lineOf'>, { file, document, item }: Site, path: YamlPath): number {
  return manifests.lineOf(file, document, item === undefined ? path : ['items', item, ...path])
}

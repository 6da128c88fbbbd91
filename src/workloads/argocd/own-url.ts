import { withoutCredentials } from '../../base/index.ts'
import type { Finding } from '../../base/index.ts'
import type { Manifests } from '../manifest.ts'
import { repositoryPath } from '../source-tree.ts'
import { asList, asMap, asText, valueAt } from '../value.ts'
import type { Value } from '../value.ts'
import type { Definition } from './definition.ts'
import { normalRepository } from './repository-url.ts'

/** An address that some Application names, with the folder that it reads there. */
interface Named {
  readonly url: string
  /** `null` where a template, or nothing, says which. */
  readonly path: string | null
  readonly definition: Definition
}

/**
 * Which of the repositories that Argo CD's objects read is this one, as they name it: the one that people say, else the only one whose folders exist
 * here.
 * @param written the clone's remote, or what the user says; `null` if nobody does.
 */
export function ownUrl(
  manifests: Manifests,
  definitions: readonly Definition[],
  written: string | null,
): { readonly url: string } | { readonly finding: Finding } {
  const said = written === null ? null : withoutCredentials(written)
  const named = definitions.flatMap(namedBy)
  const groups = new Map<string, Named[]>()
  for (const one of named) {
    const key = normalRepository(one.url)
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [one])
    else known.push(one)
  }
  const exact = said === null ? undefined : groups.get(normalRepository(said))
  if (exact !== undefined) return { url: mostWritten(exact) }
  const present = [...groups.values()].filter((group) =>
    group.some(({ path }) => path !== null && path !== '' && manifests.tree.hasFolder(path)),
  )
  const [only, ...others] = present
  if (only !== undefined && others.length === 0) return { url: mostWritten(only) }
  if (groups.size === 0 && said !== null) return { url: said }
  return { finding: untold(definitions, (present.length > 0 ? present : [...groups.values()]).map(mostWritten), said) }
}

function namedBy(definition: Definition): readonly Named[] {
  const spec = definition.object['spec']
  if (definition.kind === 'Application') return fromSpec(spec, definition)
  if (definition.kind !== 'ApplicationSet') return []
  return [...fromSpec(valueAt(spec, 'template', 'spec'), definition), ...fromGenerators(valueAt(spec, 'generators'), definition)]
}

function fromSpec(spec: Value, definition: Definition): readonly Named[] {
  const sources = [valueAt(spec, 'source'), valueAt(spec, 'sourceHydrator', 'drySource'), ...asList(valueAt(spec, 'sources'))]
  return sources.flatMap((source) =>
    asText(valueAt(source, 'chart')) === null ? fromSource(source, valueAt(source, 'path'), definition) : [],
  )
}

/** Git generators, also inside of a matrix or a merge; a folder's pattern is known up to its first star. */
function fromGenerators(generators: Value, definition: Definition): readonly Named[] {
  return asList(generators).flatMap((generator) =>
    Object.entries(asMap(generator) ?? {}).flatMap(([type, spec]) => {
      if (type !== 'git') return fromGenerators(valueAt(spec, 'generators'), definition)
      const patterns = [...asList(valueAt(spec, 'directories')), ...asList(valueAt(spec, 'files'))].map((entry) =>
        asText(valueAt(entry, 'path')),
      )
      return patterns.flatMap((pattern) => {
        const [fixed = ''] = (pattern ?? '').split('*', 1)
        return fromSource(spec, fixed.slice(0, fixed.lastIndexOf('/') + 1), definition)
      })
    }),
  )
}

function fromSource(source: Value, path: Value, definition: Definition): readonly Named[] {
  const url = asText(valueAt(source, 'repoURL'))
  if (url === null || url.includes('{{') || url.startsWith('oci://')) return []
  const written = asText(path)
  return [{ url: withoutCredentials(url), path: written === null || written.includes('{{') ? null : repositoryPath(written), definition }]
}

function mostWritten(group: readonly Named[]): string {
  const count = new Map<string, number>()
  for (const { url } of group) count.set(url, (count.get(url) ?? 0) + 1)
  return [...count].toSorted(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))[0]?.[0] ?? ''
}

function untold(definitions: readonly Definition[], candidates: readonly string[], said: string | null): Finding {
  const first = definitions.find(({ kind }) => kind === 'Application' || kind === 'ApplicationSet')
  return {
    id: 'argocd/repository',
    severity: 'error',
    place: first === undefined ? {} : { file: first.manifest.site.file, line: first.manifest.site.line },
    message:
      said === null
        ? 'which of the repositories that Applications read is this one cannot be told'
        : `no Application reads ${said}, and which of the repositories that they read is this one cannot be told`,
    expected: 'one repository whose folders exist here',
    found: candidates.length === 0 ? 'none' : candidates.toSorted().join(', '),
    remedy: 'say which it is, as the Applications name it: --repo-url URL',
  }
}

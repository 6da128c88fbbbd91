import type { Finding, Place, YamlPath } from '../../base/index.ts'
import type { Manifests } from '../manifest.ts'
import { isUnder } from '../source-tree.ts'
import { asList, asMap, asText, valueAt } from '../value.ts'
import type { Value } from '../value.ts'
import { labelOf, placeOf, siteKey } from './definition.ts'
import type { Definition } from './definition.ts'
import { ancestorsOf } from './register.ts'
import { branchOf } from './repository-url.ts'
import type { OwnRepository } from './repository-url.ts'
import type { Applied, Resolution } from './resolve.ts'

/** Where something of this repository is read. */
interface Read {
  readonly by: string
  readonly revision: string | null
  place(): Place
}

/**
 * `HEAD` is the remote's default branch, which Git's files do not show; it is taken to be the branch that is read. Where some Applications name that branch
 * and others say `HEAD`, the two may differ.
 * @param here the Applications of the cluster.
 * @param ignore reroot's own folder: its Application always names the branch.
 */
export function headBesideBranch(
  { own, manifests }: { readonly own: OwnRepository; readonly manifests: Manifests },
  here: readonly Applied[],
  resolution: Resolution,
  ignore: string,
): readonly Finding[] {
  const keyOf = (definition: Definition): string => `${labelOf(definition)} ${siteKey(definition.manifest)}`
  const leading = new Set(here.flatMap(({ application: { definition } }) => [definition, ...ancestorsOf(definition)].map(keyOf)))
  const read = [
    ...resolution.applied
      .filter(({ application }) => leading.has(keyOf(application.definition)))
      .flatMap((one) => bySources(own, one, ignore)),
    ...resolution.definitions.filter((one) => leading.has(keyOf(one))).flatMap((one) => byGenerators(own, manifests, one)),
  ]
  const named = read.find(({ revision }) => !isHead(revision) && branchOf(revision ?? '') !== null)
  const [first, ...others] = read.filter(({ revision }) => isHead(revision))
  if (named === undefined || first === undefined) return []
  return [
    {
      id: 'argocd/revision',
      severity: 'warning',
      place: first.place(),
      message: `it reads the remote’s default branch, and others name theirs; it is read here as ${own.branch ?? 'that'} has it`,
      expected: `${named.revision ?? ''}, as ${named.by} has it`,
      found: `HEAD${others.length === 0 ? '' : `, and the same in ${others.length} more places`}`,
      remedy: 'see which branch HEAD is (`git ls-remote --symref origin HEAD`); if it is another, name the branch here',
    },
  ]
}

function bySources(own: OwnRepository, { application }: Applied, ignore: string): readonly Read[] {
  return application.sources
    .filter(({ chart, repoURL, path }) => chart === null && own.is(repoURL) && !(ignore !== '' && isUnder(path ?? '', ignore)))
    .map(({ revision, at }) => ({ by: application.label, revision, place: () => application.place(...at, 'targetRevision') }))
}

function byGenerators(own: OwnRepository, manifests: Manifests, definition: Definition): readonly Read[] {
  if (definition.kind !== 'ApplicationSet') return []
  const visit = (generators: Value, at: YamlPath): readonly Read[] =>
    asList(generators).flatMap((generator, index) =>
      Object.entries(asMap(generator) ?? {}).flatMap(([type, spec]): readonly Read[] => {
        if (type !== 'git') return visit(valueAt(spec, 'generators'), [...at, index, type, 'generators'])
        if (!own.is(asText(valueAt(spec, 'repoURL')) ?? '')) return []
        const place = (): Place => placeOf(manifests, definition, ...at, index, type, 'revision')
        return [{ by: labelOf(definition), revision: asText(valueAt(spec, 'revision')), place }]
      }),
    )
  return visit(valueAt(definition.object, 'spec', 'generators'), ['spec', 'generators'])
}

function isHead(revision: string | null): boolean {
  return revision === null || revision === 'HEAD'
}

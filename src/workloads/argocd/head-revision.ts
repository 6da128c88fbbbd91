import type { Finding } from '../../base/index.ts'
import { isUnder } from '../source-tree.ts'
import type { ApplicationSource } from './application.ts'
import { labelOf, siteKey } from './definition.ts'
import type { Definition } from './definition.ts'
import { ancestorsOf } from './register.ts'
import { branchOf } from './repository-url.ts'
import type { OwnRepository } from './repository-url.ts'
import type { Applied, Resolution } from './resolve.ts'

/**
 * `HEAD` is the remote's default branch, which Git's files do not show; it is taken to be the branch that is read. Where some Applications name that branch
 * and others say `HEAD`, the two may differ.
 * @param here the Applications of the cluster.
 * @param ignore reroot's own folder: its Application always names the branch.
 */
export function headBesideBranch(
  own: OwnRepository,
  here: readonly Applied[],
  { applied }: Resolution,
  ignore: string,
): readonly Finding[] {
  const keyOf = (definition: Definition): string => `${labelOf(definition)} ${siteKey(definition.manifest)}`
  const leading = new Set(here.flatMap(({ application: { definition } }) => [definition, ...ancestorsOf(definition)].map(keyOf)))
  const read = applied
    .filter(({ application }) => leading.has(keyOf(application.definition)))
    .flatMap(({ application }) => application.sources.map((source) => ({ application, source })))
    .filter(({ source }) => source.chart === null && own.is(source.repoURL) && !isUnder(source.path ?? '', ignore))
  const named = read.find(({ source }) => !isHead(source) && branchOf(source.revision ?? '') !== null)
  const [first, ...others] = read.filter(({ source }) => isHead(source))
  if (named === undefined || first === undefined) return []
  return [
    {
      id: 'argocd/revision',
      severity: 'warning',
      place: first.application.place(...first.source.at, 'targetRevision'),
      message: `it reads the remote’s default branch, and others name theirs; it is read here as ${own.branch ?? 'that'} has it`,
      expected: `targetRevision ${named.source.revision ?? ''}, as ${named.application.label} has it`,
      found: `HEAD${others.length === 0 ? '' : `, and the same in ${others.length} more sources`}`,
      remedy: 'see which branch HEAD is (`git ls-remote --symref origin HEAD`); if it is another, let the Application name the branch',
    },
  ]
}

function isHead({ revision }: ApplicationSource): boolean {
  return revision === null || revision === '' || revision === 'HEAD'
}

import { nameOf } from '../resource.ts'
import { isUnder } from '../source-tree.ts'
import { rootFile } from './definition.ts'
import type { Definition } from './definition.ts'
import type { DestinationGroup } from './destination-groups.ts'
import { ancestorsOf } from './register.ts'
import type { Applied, Resolution } from './resolve.ts'

const usual = 'argocd'

/**
 * Argo CD's own namespace. Applications may live in others (`application.namespaces`), but projects and settings may not: so that of the control
 * plane's project, of argocd-cm, or of any other project; else the usual one if an Application lives there, else that of the most Applications.
 */
export function ownNamespace(resolution: Resolution, group: DestinationGroup, main: Applied): string {
  const inFolder = (definition: Definition): boolean => group.folder === null || isUnder(rootFile(definition), group.folder)
  const definitions = resolution.definitions.filter(inFolder)
  const projects = definitions.filter(({ kind }) => kind === 'AppProject')
  const telling = [
    ...projects.filter(({ object }) => nameOf(object) === main.application.project),
    ...definitions.filter(({ kind }) => kind === 'argocd-cm'),
    ...projects,
  ]
  return (
    telling[0]?.namespace ?? mostUsed(group.members.flatMap(({ application: { definition } }) => [definition, ...ancestorsOf(definition)]))
  )
}

function mostUsed(definitions: readonly Definition[]): string {
  const count = new Map<string, number>()
  for (const { namespace } of definitions) count.set(namespace, (count.get(namespace) ?? 0) + 1)
  if (count.has(usual)) return usual
  return [...count].toSorted(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))[0]?.[0] ?? usual
}

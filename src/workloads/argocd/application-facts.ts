import type { ArgocdApplicationFacts } from '../types.ts'
import { asList, valueAt } from '../value.ts'
import type { Application } from './application.ts'
import type { Applied } from './resolve.ts'

/** The sync option by which a sync passes over what is in sync already. */
export const outOfSyncOnly = 'ApplyOutOfSyncOnly=true'

// Argo CD's own, where an Application says none (v3.5.1, controller/appcontroller.go, autoSync).
const usualRetryLimit = 5

/** What of an Application the order of a rotation depends on. */
export function applicationFacts({ application, content }: Applied): ArgocdApplicationFacts {
  const { id, name, namespace, project, automated, hydrated, syncOptions, spec, definition } = application
  const policy = spec['syncPolicy']
  const says = (field: string): boolean => valueAt(policy, 'automated', field) === true
  const limit = valueAt(policy, 'retry', 'limit')
  return {
    type: 'argocd',
    id,
    name,
    namespace,
    site: definition.manifest.site,
    project,
    paths: content.paths,
    sourceSettings: settingsOf(application),
    fixedRevision: content.fixedRevision,
    automated,
    prune: application.prunes,
    selfHeal: says('selfHeal'),
    allowEmpty: says('allowEmpty'),
    syncOptions,
    outOfSyncOnly: syncOptions.includes(outOfSyncOnly),
    retryLimit: typeof limit === 'number' ? limit : usualRetryLimit,
    ignoresDifferences: asList(spec['ignoreDifferences']).length > 0,
    hydrated,
  }
}

function settingsOf({ sources }: Application): readonly string[] {
  const fields = sources.flatMap((source) => Object.keys(source.spec))
  const more = fields.filter((field) => !['repoURL', 'targetRevision', 'path', 'name'].includes(field))
  return [...new Set(sources.length > 1 ? ['sources', ...more] : more)]
}

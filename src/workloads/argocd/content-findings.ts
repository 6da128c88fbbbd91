import type { Finding } from '../../base/index.ts'
import { asMap, asText } from '../value.ts'
import type { Application, ApplicationSource } from './application.ts'
import type { Content } from './content.ts'
import type { OwnRepository } from './repository-url.ts'

/** @param leads it applies Applications. */
export function fixedFinding(own: OwnRepository, application: Application, source: ApplicationSource, leads: boolean): Finding {
  const revision = source.revision ?? ''
  const words = source.path === null && source.ref !== null ? fixedValues : leads ? fixedApplications : fixedWorkloads
  return {
    id: 'argocd/revision',
    severity: 'warning',
    place: application.place(...source.at, 'targetRevision'),
    expected: own.branch ?? 'a branch',
    found: revision,
    ...words(revision),
  }
}

type Words = (revision: string) => Pick<Finding, 'message' | 'remedy'>

const fixedWorkloads: Words = (revision) => ({
  message: `it reads a fixed revision, and is read here as the branch has it: workloads that only ${revision} has are not restarted by reroot`,
  remedy: `let it follow the branch; or restart in each step what only ${revision} has, and say so with --confirmed`,
})

const fixedApplications: Words = (revision) => ({
  message: `it applies Applications from a fixed revision, and is read here as the branch has it: workloads of Applications that only ${revision} has are not restarted by reroot, and an Application that a pull request adds is not picked up`,
  remedy: `let it follow the branch; or, if reroot’s Application is below it, apply that by hand or move the revision after the merge, and say with --confirmed that you restarted what only ${revision} has`,
})

const fixedValues: Words = (revision) => ({
  message: `its values come from a fixed revision, and are read here as the branch has them: workloads that only the values of ${revision} ask for are not restarted by reroot`,
  remedy: `let it follow the branch; or see that the values of ${revision} make the same workloads, and say so with --confirmed`,
})

/** Whether what the finding tells of may hold workloads that the branch does not show: `HEAD` is most likely the branch. */
export function hidesWorkloads({ id, found }: Finding): boolean {
  return id === 'argocd/revision' && !/^HEAD(,|$)/.test(found ?? '')
}

export function missingFolder(application: Application, source: ApplicationSource): Finding {
  return {
    id: 'argocd/path-missing',
    severity: 'error',
    place: application.place(...source.at, 'path'),
    message: 'the folder that it applies does not exist',
    expected: 'a folder of this repository',
    found: source.path ?? '',
    remedy: 'correct the path',
  }
}

export function plugin(application: Application, source: ApplicationSource): Finding {
  return {
    id: 'argocd/source',
    severity: 'error',
    place: application.place(...source.at, 'plugin'),
    message: 'a plugin makes its manifests, so its workloads are unknown',
    expected: 'manifests, a kustomization, or a chart',
    found: asText(asMap(source.spec['plugin'])?.['name']) ?? 'a plugin that Argo CD picks by itself',
    remedy: `commit what the plugin makes; or name the namespaces of its meshed workloads in reroot.yaml: restarts.namespaces: [${application.targetNamespace ?? 'name'}]`,
  }
}

/** What hides Applications counts wherever it is applied: those may be for any cluster. */
export function contentProblems({
  leads,
  report,
  unseen,
  always,
}: {
  readonly leads: boolean
  readonly report: readonly Finding[]
  readonly unseen: readonly Finding[]
  readonly always: readonly Finding[]
}): Pick<Content, 'findings' | 'unseen' | 'always'> {
  if (!leads) return { findings: [...report, ...unseen], unseen, always }
  // Argo CD's own manifests hold none, and where they are the base, patches miss what they are for.
  const own = unseen.filter(isArgocdItself)
  const hiding = unseen.filter((finding) => !isArgocdItself(finding)).map(hidesApplications)
  const overArgocd = report.some(isArgocdItself)
  const found = report.filter((finding) => {
    if (isArgocdItself(finding) || isOtherChart(finding) || (overArgocd && finding.id === 'workloads/patch')) return false
    return finding.severity === 'error' || finding.id === 'argocd/revision'
  })
  return { findings: [...report, ...own, ...hiding], unseen: own, always: [...always, ...hiding, ...found] }
}

function isArgocdItself({ found }: Finding): boolean {
  return /[/:]argoproj\/argo-(cd|helm)(?![\w-])/.test(found ?? '')
}

/** Of a chart that kustomize inflates the name is all that is known, as of one that Argo CD installs: only this one is sure to make Applications. */
function isOtherChart({ id, found = '' }: Finding): boolean {
  return id === 'workloads/kustomization-unread' && found.startsWith('helmChart') && !found.endsWith(': argocd-apps')
}

/** The same problem where it hides Applications. */
function hidesApplications(finding: Finding): Finding {
  return {
    ...finding,
    message: finding.message.replace(/ (its workloads are|what it makes is) unknown$/, ' Applications that it makes are unknown'),
    remedy:
      'commit the Applications that it makes as manifests, below a path of the cluster; or accept this finding with a reason if none of them matters to the mesh',
  }
}

/** What people say of namespaces does not show the source: the finding stands until it is accepted. */
export function withReason(finding: Finding): Finding {
  return { ...finding, remedy: `${finding.remedy}, and accept this finding with a reason` }
}

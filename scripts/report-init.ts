import { countOf } from '../src/base/index.ts'
import { waysPast } from '../src/plan/index.ts'
import { nameNote } from '../src/run/index.ts'
import type { InitResult } from '../src/run/index.ts'
import { print, printJson, reportFindings, say } from './report.ts'
import type { Output } from './report.ts'

/** What `init` found and did: the pull request's text on stdout, the rest on stderr. */
export function reportInit(result: InitResult, options: { readonly output: Output; readonly out: string | null }): void {
  const { base, clusters, leftOut, findings, request, delivered } = result
  for (const { sync, nameFrom, discovery, istioNamespace, version, versionAt, cacerts } of clusters) {
    say(`cluster ${sync.name}: ${syncText(sync)}`)
    if (nameFrom !== null) say(`  ${nameNote(sync.name, nameFrom)}`)
    say(`  Istio ${version} in ${istioNamespace} (${versionAt})`)
    say(`  cacerts: ${cacerts === null ? 'not in Git; taken from the files given' : `sealed at ${cacerts.site.file}, stays there`}`)
    const namespaces = new Set(discovery.workloads.map((workload) => workload.id.namespace))
    const undecided = discovery.outside.filter(({ why }) => why.startsWith('unknown: ')).length
    const outside = `${discovery.outside.length - undecided} outside it${undecided === 0 ? '' : `; ${undecided} undecided, see the findings`}`
    say(`  ${countOf(discovery.workloads.length, 'workload')} of the mesh in ${countOf(namespaces.size, 'namespace')}; ${outside}`)
  }
  for (const { cluster, at, why } of leftOut) say(`left out: ${cluster} (${at}): ${why}`)
  const shown = findings.filter((finding) => finding.severity !== 'info')
  reportFindings(shown)
  const errors = shown.filter((finding) => finding.severity === 'error')
  if (errors.length > 0) say(`these errors do not stop init, but \`reroot stage\` refuses because of them: ${waysPast(errors)}`)
  if (options.output === 'json')
    printJson({
      base,
      request: { ...request, trailers: Object.fromEntries(request.trailers) },
      delivered,
      write: [...result.write.keys()].toSorted(),
      leftOut,
      findings,
    })
  else print(`# ${request.title}\n\n${request.body}`)
  if (options.out !== null) say(`dry run: nothing was committed or pushed; the files are in ${options.out}`)
  else if (delivered?.unchanged === true) say(`${request.branch} is up to date at ${delivered.commit.slice(0, 10)}: nothing was pushed`)
  else if (delivered !== null)
    say(
      `${delivered.pushed ? `pushed ${request.branch} to ${base.remote}` : `kept ${request.branch} in this clone`} (${delivered.commit.slice(0, 10)}, on ${base.branch})`,
    )
  if (options.out === null)
    say(`next: open a pull request from ${request.branch} into ${base.branch} with the text above; once it is merged, run \`reroot stage\``)
}

function syncText(sync: InitResult['clusters'][number]['sync']): string {
  const at = `${sync.site.file}:${sync.site.line}`
  if (sync.type === 'flux') return `Flux syncs ${sync.path} (${at}), source ${sync.source.kind}/${sync.source.name}`
  const { destination, register } = sync
  const pickUp = register === null ? 'nothing in Git picks up one more' : `${register.by} picks up one more`
  return `Argo CD applies to ${destination.name ?? destination.server} what Applications in ${sync.paths.join(', ')} name (${at}); ${pickUp}`
}

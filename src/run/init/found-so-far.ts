import { describeFinding, firstOfEachKind, RerootError, togetherForClusters } from '../../base/index.ts'
import type { Terminal } from '../../ports.ts'
import type { FoundClusters } from './find.ts'

/** How a name came about that nobody gave. */
export function nameNote(name: string, server: string): string {
  return `the name ${name} was made of the server's address; choose another before the merge: --name ${server}=NAME`
}

/**
 * Says which clusters were found if it goes no further than that: a folder that is missing may be called as its cluster is called elsewhere, or belong to
 * one that was left out.
 */
export async function sayingClusters<T>(terminal: Terminal, found: FoundClusters, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RerootError)) throw error
    for (const { sync, nameFrom } of found.clusters) if (nameFrom !== null) terminal.say(`note: ${nameNote(sync.name, nameFrom)}`)
    for (const { cluster, at, why } of found.leftOut) terminal.say(`left out: ${cluster} (${at}): ${why}`)
    const untold = found.findings.filter(({ id, severity }) => id === 'argocd/destination' && severity !== 'info')
    const { shown, more } = firstOfEachKind(togetherForClusters(untold))
    for (const finding of shown) terminal.say(`${finding.severity}: ${describeFinding(finding)}`)
    for (const line of more) terminal.say(line)
    throw error
  }
}

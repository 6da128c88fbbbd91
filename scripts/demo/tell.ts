import { unsealAsCluster } from './unseal.ts'
import type { DemoWorld, Reader } from './world.ts'

/** Prints for people. The demo has no other output. */
export function tell(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function heading(text: string): void {
  tell(`\n${'─'.repeat(100)}\n${text}\n${'─'.repeat(100)}`)
}

/** @throws Error: the demo shows nothing that did not happen. */
export function check(held: boolean, otherwise: string): void {
  if (!held) throw new Error(`the demo went wrong: ${otherwise}`)
}

/** A command as a user types it, and what it prints: stderr always, stdout if it is wanted whole. */
export function show(
  args: readonly string[],
  identity: Reader | null,
  result: { readonly stdout: string; readonly stderr: string },
  stdout: 'whole' | 'summary',
): void {
  const typed = args.map((arg) => (/[^A-Za-z0-9_./=:-]/.test(arg) ? JSON.stringify(arg) : arg)).join(' ')
  tell(`\n$ ${identity === null ? '' : 'SOPS_AGE_KEY_FILE=… '}reroot ${typed}`)
  const title = /^# (.*)$/m.exec(result.stdout)?.[1]
  if (stdout === 'whole') tell(indented(result.stdout))
  else if (title !== undefined) tell(`    (stdout: the text of the pull request “${title}”, ${result.stdout.split('\n').length} lines)`)
  tell(indented(result.stderr))
}

/** Opens the live Secret of a cluster on main with the cluster's own identity, and compares. */
export async function unsealed(world: DemoWorld, cluster: string, roots: readonly string[], signer: string): Promise<void> {
  const live = await unsealAsCluster(world, cluster)
  check(live.problems.length === 0, `istiod would not take the Secret of ${cluster}: ${live.problems.join('; ')}`)
  check(live.signer.endsWith(signer), `the signer of ${cluster} is ${live.signer}, not ${signer}`)
  check(
    live.roots.length === roots.length && roots.every((root, index) => live.roots[index]?.endsWith(root) === true),
    `the roots of ${cluster} are ${live.roots.join(' and ')}`,
  )
  tell(`(unsealed with the identity of ${cluster}: ${live.signer} signs; trusted: ${live.roots.join(' and ')}; istiod's own checks pass)`)
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`.trimEnd())
    .join('\n')
}

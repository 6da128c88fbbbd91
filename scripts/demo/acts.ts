import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { check, show, tell } from './tell.ts'
import type { DemoWorld, Reader } from './world.ts'

/** What people do in a world: run reroot, merge, edit files. Every act is shown, and checked. */
export interface Acts {
  /** A command that must succeed; `whole` shows its pull request's text, else only the summary. */
  run(args: readonly string[], identity: Reader | null, stdout?: 'whole' | 'summary'): Promise<void>
  /** A command that must be refused, and must leave the remote as it was. */
  refused(args: readonly string[], identity: Reader | null, code: string, when: string): Promise<void>
  /** What a forge does on merge. */
  merge(branch: string): Promise<void>
  /** Somebody edits a file of main by hand. */
  edit(path: string, message: string, replacements: readonly (readonly [string, string])[]): Promise<void>
  /** The lines of the last commit. */
  tellLastCommit(): Promise<void>
  revertLastCommit(): Promise<void>
}

export function actsIn(world: DemoWorld): Acts {
  const push = async (): Promise<void> => void (await world.git('push', '--quiet', 'origin', 'main'))
  return {
    async run(args, identity, stdout = 'summary') {
      const result = await world.reroot(args, identity)
      show(args, identity, result, stdout)
      check(result.exitCode === 0, `reroot ${args[0]} exited ${result.exitCode}`)
    },
    async refused(args, identity, code, when) {
      const before = await world.git('ls-remote', 'origin')
      const result = await world.reroot(args, identity)
      tell(`Refused ${when}:`)
      show(args, identity, result, 'summary')
      check(result.exitCode > 0 && result.stderr.includes(`[${code}]`), `reroot ${args[0]} was not refused with ${code}`)
      check((await world.git('ls-remote', 'origin')) === before, `reroot ${args[0]} was refused, but changed the remote`)
    },
    async merge(branch) {
      await world.git('fetch', '--quiet', 'origin', branch)
      await world.git('merge', '--quiet', '--no-ff', '--message', `Merge ${branch}`, 'FETCH_HEAD')
      await push()
      tell(`(reviewed and merged: ${branch})`)
    },
    async edit(path, message, replacements) {
      const file = join(world.clone, path)
      let text = await readFile(file, 'utf8')
      for (const [from, to] of replacements) {
        check(text.includes(from), `${path} has no line ${JSON.stringify(from)}`)
        text = text.replace(from, to)
      }
      await writeFile(file, text)
      await world.git('commit', '--quiet', '--all', '--message', message)
      await push()
    },
    async tellLastCommit() {
      const shown = await world.git('show', '--format=', '--unified=0', 'HEAD')
      const changed = shown.split('\n').filter((line) => /^[+-] /.test(line))
      tell(changed.join('\n'))
    },
    async revertLastCommit() {
      await world.git('revert', '--no-edit', 'HEAD')
      await push()
      tell('(the commit is reverted)')
    },
  }
}

import { RerootError } from '../base/index.ts'
import type { GitOutput } from './git-process.ts'

/** A hook of the user that refused, with what it printed. Whatever that is, it is no message of git's. */
export function hookFailure(output: GitOutput, message: string): RerootError {
  const words = wordsOf(output)
  return new RerootError('GIT_FAILED', message, { hint: words === '' ? 'the hook said nothing' : `the hook said:\n${indented(words)}` })
}

/** A failed git command as an error with git's own words in the hint, and better advice where the cause is known. */
export function gitFailure(args: readonly string[], output: GitOutput, message?: string): RerootError {
  const words = wordsOf(output)
  const shown = shortened(words)
  const advice = knownCauses.find(({ pattern }) => pattern.test(words))?.advice
  const said = words === '' ? `git ended with exit code ${output.exitCode} and said nothing` : `git said:\n${indented(shown)}`
  return new RerootError('GIT_FAILED', message ?? `git ${args[0] ?? ''} failed`.trimEnd(), {
    hint: advice === undefined ? said : `${advice}\n${said}`,
  })
}

const lockFile = /\.lock': File exists/i

/** Whether git stopped before a lock file. One that a killed git has left stays there: nobody but the user can tell that it is dead. */
export const isLocked = (words: string): boolean => lockFile.test(words)

const noRoom = 'there is no room left: free some where the clone and the temporary folder (TMPDIR) are, and run the same command again'

const knownCauses: readonly { readonly pattern: RegExp; readonly advice: string }[] = [
  {
    pattern: /tell me who you are|unable to auto-detect email|empty ident|no email was given|no name was given/i,
    advice: 'git does not know whose commits these are: set `git config user.name "…"` and `git config user.email "…"`',
  },
  {
    pattern: /failed to sign the data|failed to write commit object|user\.signingkey needs to be/i,
    advice:
      'the commit could not be signed as git is configured to (commit.gpgSign): `git commit -S --allow-empty` in a scratch clone shows why',
  },
  {
    pattern: /dubious ownership/i,
    advice: 'the clone belongs to another user: git wants it listed in safe.directory',
  },
  {
    pattern: /denying non-fast-forward|force[- ]push/i,
    advice:
      'the remote does not let a branch be replaced: delete it there and run the same command again, or let branches of this name be force-pushed',
  },
  {
    pattern: /protected branch|GH006|GH013|repository rule violations/i,
    advice:
      'the remote protects branches of this name: let them be pushed there, or choose another git.branchPrefix in reroot.yaml. Only the branch that the controllers read needs protection',
  },
  {
    pattern: /unpacker error|remote unpack failed/i,
    advice: 'the remote could not store what was sent: whoever runs it should see whether its disk is full or read-only',
  },
  {
    pattern: /ended by SIGXFSZ|File too large/,
    advice: 'a file must not grow that large here (`ulimit -f`): lift the limit',
  },
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    advice: noRoom,
  },
  {
    pattern: /is in submodule/,
    advice: 'reroot cannot write into a submodule: choose a --directory outside of it',
  },
  {
    pattern: /does not support --atomic/i,
    advice: 'this server cannot take several branches at once: push one change set at a time (without --stack)',
  },
  {
    pattern:
      /could not read (Username|Password)|Authentication failed|Permission denied \(publickey|HTTP Basic: Access denied|returned error: 40[13]/i,
    advice: 'the remote refused the credentials: `git push --dry-run` by hand shows the same',
  },
  {
    pattern: /Could not resolve host|unable to access|Connection (refused|timed out|reset)|Could not read from remote/i,
    advice: 'the remote cannot be reached: check its URL with `git remote -v`, and the network',
  },
  {
    pattern: /^remote: .*\.lock': File exists/im,
    advice: 'another git runs at the remote, or one crashed there: wait for it, or remove the lock file that git names',
  },
  {
    pattern: lockFile,
    advice: 'another git runs in this clone, or one crashed: wait for it, or remove the lock file that git names',
  },
  {
    pattern: /Read-only file system|unable to (write|create)|could not (create|write)|cannot (create|mkdir)/i,
    advice:
      'git could not write: see that there is room, and that you may write, in the .git folder of the clone and in the temporary folder (TMPDIR). reroot writes nowhere else',
  },
]

function wordsOf(output: GitOutput): string {
  return printable(
    [output.stderr, output.stdout]
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .join('\n'),
  )
}

const longestOutput = 8_000

/** Text of another program, safe to show: no terminal escapes, no passwords in URLs, no endless logs. */
export function printable(text: string): string {
  const plain = text
    .replace(/\u001b(\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(\u0007|\u001b\\)|[@-Z\\-_])/g, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
    .replace(/(?<=[a-z0-9+.-]:\/\/)[^/@\s]+@/gi, '…@')
  return plain.length <= longestOutput ? plain : `…\n${plain.slice(-longestOutput)}`
}

/** git names every file that it cannot write: the first few and the last tell as much. */
function shortened(words: string): string {
  const lines = words.split('\n')
  return lines.length <= 20 ? words : [...lines.slice(0, 8), `… ${lines.length - 16} more lines`, ...lines.slice(-8)].join('\n')
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n')
}

import { expect, test } from 'vitest'
import { gitFailure, printable } from '../../src/adapters/git-failure.ts'

// As git 2.39 and the forges word them.
test.each([
  ['error: remote unpack failed: unable to create temporary object directory', 'whether its disk is full or read-only'],
  ['fatal: unable to write loose object file: No space left on device', 'there is no room left'],
  ["error: unable to write file apps/cart.yaml\nfatal: cannot create directory at 'apps'", 'git could not write'],
  ["fatal: could not create leading directories of '.git/worktrees/reroot-1': Read-only file system", 'git could not write'],
  ["fatal: Unable to create '/clone/.git/index.lock': File exists.", 'another git runs in this clone'],
  [
    "remote: error: cannot lock ref 'refs/heads/a': Unable to create '/git/a.git/./refs/heads/a.lock': File exists.",
    'another git runs at the remote',
  ],
  ['git was ended by SIGXFSZ', 'a file must not grow that large'],
  ['remote: error: denying non-fast-forward refs/heads/mesh-ca/x (you should pull first)', 'delete it there'],
  ['remote: GitLab: You are not allowed to force push code to a protected branch on this project.', 'delete it there'],
  ['remote: error: GH006: Protected branch update failed for refs/heads/mesh-ca/x.', 'choose another git.branchPrefix'],
  ['remote: GitLab: You are not allowed to push code to protected branches on this project.', 'choose another git.branchPrefix'],
  ['remote: error: GH013: Repository rule violations found for refs/heads/mesh-ca/x.', 'choose another git.branchPrefix'],
  ['git@github.com: Permission denied (publickey).', 'the remote refused the credentials'],
])('%s', (words, advice) => {
  const { hint } = gitFailure(['push'], { exitCode: 1, stdout: '', stderr: words })

  expect(hint.split('\n')[0]).toContain(advice)
  expect(hint).toContain(words.split('\n').join('\n  '))
})

test('of a hundred files that git could not write the first and the last are shown', () => {
  const lines = Array.from({ length: 100 }, (_, index) => `error: unable to write file ${index}.yaml`)
  const { hint } = gitFailure(['read-tree'], { exitCode: 128, stdout: '', stderr: lines.join('\n') })

  expect(hint.split('\n')).toHaveLength(2 + 17)
  expect(hint).toMatch(/ 7\.yaml\n {2}… 84 more lines\n {2}error: unable to write file 92\.yaml\n/)
})

test('what another program says moves no cursor and shows no password', () => {
  expect(printable('\u001b[31mred\u001b[0m https://ada:secret@git.example/x\r\n\u0007')).toBe('red https://…@git.example/x\n')
  expect(printable(`${'a'.repeat(60)}://ada:secret@h _ftp://t@h`)).toBe(`${'a'.repeat(60)}://…@h _ftp://…@h`)
})

test('however much another program says', { timeout: 20_000 }, () => {
  expect(printable(`${'a.'.repeat(200_000)}\nend https://t@h`)).toMatch(/^…\n[.a]+\nend https:\/\/…@h$/)
})

import { expect, test } from 'vitest'
import { gitEnvironment } from '../../src/adapters/git-environment.ts'

test('identities, cloud credentials and repository-local variables do not pass', () => {
  const source = {
    SOPS_AGE_KEY: 'x',
    SOPS_AGE_KEY_FILE: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    VAULT_TOKEN: 'x',
    NODE_OPTIONS: 'x',
    GIT_DIR: 'x',
    GIT_INDEX_FILE: 'x',
    GIT_WORK_TREE: 'x',
    PATH: '/bin',
  }

  expect(gitEnvironment(source, true)).toEqual({ PATH: '/bin', LC_MESSAGES: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_ATTR_NOSYSTEM: '1' })
})

test("git's, ssh's and the signing programs' own variables pass", () => {
  const source = {
    HOME: '/h',
    GIT_SSH_COMMAND: 'ssh -v',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_CONFIG_COUNT: '0',
    SSH_AUTH_SOCK: '/s',
    GPG_TTY: '/t',
    GNUPGHOME: '/g',
    https_proxy: 'http://p',
    XDG_CONFIG_HOME: '/x',
    HUSKY: '0',
  }

  expect(gitEnvironment(source, false)).toMatchObject(source)
})

test('forge tokens reach credential helpers only', () => {
  expect(gitEnvironment({ GH_TOKEN: 'x' }, false)).not.toHaveProperty('GH_TOKEN')
  expect(gitEnvironment({ GH_TOKEN: 'x' }, true)).toHaveProperty('GH_TOKEN')
})

test('messages are English, characters are those of the user', () => {
  expect(gitEnvironment({ LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'de' }, false)).toEqual({
    LC_MESSAGES: 'C',
    LC_CTYPE: 'de_DE.UTF-8',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ATTR_NOSYSTEM: '1',
  })
})

import { isPassedOn } from './passed-variables.ts'

/**
 * The environment that git, ssh and the user's hooks get: the user's own settings for these programs, and nothing else (no
 * identities, no forge tokens but where a credential helper needs them).
 * @param network the command talks to a remote: credential helpers such as `gh auth git-credential` need their variables.
 */
export function gitEnvironment(source: Readonly<NodeJS.ProcessEnv>, network: boolean): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && (passes(name) || (network && helperVariables.has(name)))) environment[name] = value
  }
  return { ...environment, ...locale(source), GIT_OPTIONAL_LOCKS: '0', GIT_ATTR_NOSYSTEM: '1' }
}

const exactVariables = new Set([
  'PATH',
  'USER',
  'LOGNAME',
  'SHELL',
  'TZ',
  // by which users turn their hooks off
  'HUSKY',
  'LEFTHOOK',
  'SKIP',
])
const prefixes = ['GIT_', 'SSH_', 'XDG_', 'PRE_COMMIT_']
const helperVariables = new Set(['GH_TOKEN', 'GITHUB_TOKEN', 'GH_HOST', 'GH_CONFIG_DIR', 'GITLAB_TOKEN'])

// Set inside hooks, aliases and `rebase --exec`, these would lead git to another repository, index or object store than the one
// that was asked for. `git rev-parse --local-env-vars` lists them; GIT_CONFIG_* stays, it is the user's configuration.
const misleading = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_QUARANTINE_PATH',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_ATTR_SOURCE',
  'GIT_GRAFT_FILE',
  'GIT_SHALLOW_FILE',
  'GIT_REPLACE_REF_BASE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
])

function passes(name: string): boolean {
  if (misleading.has(name)) return false
  return isPassedOn(name) || exactVariables.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

// English messages, which are parsed, and still the user's character set, which hooks in Python and Ruby depend on.
function locale(source: Readonly<NodeJS.ProcessEnv>): Record<string, string> {
  const characters = [source['LC_ALL'], source['LC_CTYPE'], source['LANG']].find((value) => value !== undefined && value !== '')
  return { LC_MESSAGES: 'C', ...(characters === undefined ? {} : { LC_CTYPE: characters }) }
}

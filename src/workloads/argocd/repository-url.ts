import { withoutCredentials, withoutTrailing } from '../../base/index.ts'

/**
 * A repository's address in one form, to compare two: without scheme, user, port, `.git` and trailing slash, the host in lower case. Argo CD
 * compares more strictly where it looks for credentials (v3.5.1, util/git/git.go, NormalizeGitURL); here the question is only whether two
 * addresses lead to one repository.
 */
export function normalRepository(url: string): string {
  const text = withoutTrailing(withoutCredentials(url.trim()), '/').replace(/\.git$/, '')
  const scp = /^(?:[^@/:]+@)?([^/:@]+):(?!\/\/)(.+)$/.exec(text)
  if (scp !== null && !text.includes('://')) return join(scp[1] ?? '', scp[2] ?? '')
  const full = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.*)$/i.exec(text)
  return full === null ? text : join(full[1] ?? '', full[2] ?? '')
}

function join(host: string, path: string): string {
  return `${host.toLowerCase()}/${path.replace(/^\/+/, '')}`
}

/** The repository that is read, as Argo CD's objects name it. */
export interface OwnRepository {
  readonly url: string
  /** `null`: any revision that can be a branch is read. */
  readonly branch: string | null
  is(url: string): boolean
  /** Whether a revision of it is the branch that is read; the default branch is taken to be it. */
  follows(revision: string | null): boolean
}

export function ownRepository(url: string, branch: string | null): OwnRepository {
  const normal = normalRepository(url)
  return {
    url: withoutCredentials(url),
    branch,
    is: (other) => normalRepository(other) === normal,
    follows(revision) {
      if (revision === null || revision === 'HEAD') return true
      const named = branchOf(revision)
      return branch === null ? named !== null : named === branch
    },
  }
}

/** @returns the branch that a revision may be; `null` if it is a tag's name, a version range or a commit. */
export function branchOf(revision: string): string | null {
  const full = /^refs\/heads\/(.+)$/.exec(revision)?.[1]
  if (full !== undefined) return full
  return /^refs\/|^[0-9a-f]{7,40}$|^v?\d+(\.\d+)+|[*^~<>=\s]/i.test(revision) ? null : revision
}

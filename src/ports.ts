import type { Confidential } from './base/index.ts'

/** The world outside, as interfaces. Implementations are in `adapters/`. */

export interface Clock {
  now(): Date
}

/** Randomness for serial numbers. Keys come from node:crypto directly. */
export interface Entropy {
  bytes(length: number): Uint8Array
}

/** The files of one commit, or of a folder. Paths are relative to the repository's root, with `/`, without a leading `./`. */
export interface Files {
  /** Every regular file, sorted by path; `.git` is left out. A symbolic link to a file inside the repository is listed under its own path; one that leaves it is not. */
  list(): readonly string[]
  /** @returns the bytes, or `null` if there is no such file. A file is read from disk once. */
  read(path: string): Uint8Array | null
  /** Symbolic links to files and folders, sorted by path, also those that lead nowhere. Absent where there are none by nature. */
  links?(): readonly SymbolicLink[]
}

export interface SymbolicLink {
  readonly path: string
  /** What is written in it. */
  readonly target: string
  /** Its target is absolute, or leads out of the repository on the way. */
  readonly leaves: boolean
}

/** A commit as the history shows it. */
export interface Commit {
  readonly sha: string
  readonly subject: string
  /** Trailers of the message, e.g. `Reroot-Id` → `g2-staged`. */
  readonly trailers: Readonly<Record<string, string>>
}

/** Lines of one file that one commit has added and removed. */
export interface LineChange {
  /** When it was committed, by the clock of who did. */
  readonly at: Date
  readonly path: string
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** What one commit changes. */
export interface Change {
  readonly write: ReadonlyMap<string, Uint8Array>
  /** Paths that need not exist. */
  readonly remove: readonly string[]
  readonly message: string
  /** A commit that is taken instead of a new one if it has the same parent and the same files. No hook runs then. */
  readonly reuse?: string | null
}

/** One commit to read from and to build on, beside the user's own checkout, which is never touched. */
export interface Worktree {
  readonly base: string
  /** The files of `base`, read before the first commit. */
  readonly files: Files
  /** Begins to check the commit out, for who will need that and has something else to do first. What goes wrong is told by the others. */
  checkOut(): void
  /**
   * Absolute path of a temporary checkout with all files of the commit; like `ignored` and `commit` it waits for them.
   * @throws RerootError GIT_FAILED, ENVIRONMENT if they cannot be there.
   */
  folder(): Promise<string>
  /** Those of the paths that ignore rules would leave out of a commit. They are committed all the same; people should know. */
  ignored(paths: readonly string[]): Promise<readonly string[]>
  /**
   * Writes and removes files, and commits exactly these bytes on top of the commit before. The user's hooks run.
   * @returns the new commit's sha, or `null` if nothing differs from the commit before.
   * @throws RerootError GIT_FAILED with the hook's output, or if a hook or an attribute of git would change the bytes; FILE_INVALID
   * if a path leads through a symbolic link. The worktree is then good for nothing but `dispose`.
   */
  commit(change: Change): Promise<string | null>
  /** Removes the checkout, if there is one. Safe to call twice. */
  dispose(): Promise<void>
}

/** The user's clone. */
export interface GitRepository {
  /** Absolute path of the clone's top folder. */
  readonly root: string
  /** Fetches a branch of the remote. @returns its commit, or `null` if the remote has no such branch. */
  fetch(remote: string, branch: string): Promise<string | null>
  /** Names and commits of the remote's branches that start with `prefix`, asked from the remote. */
  remoteBranches(remote: string, prefix: string): Promise<ReadonlyMap<string, string>>
  /** Whether the remote has a tag of that name, asked from the remote. */
  hasTag(remote: string, tag: string): Promise<boolean>
  /** @returns the commit that a revision names in this clone, or `null`. */
  resolve(revision: string): Promise<string | null>
  remotes(): Promise<readonly string[]>
  /** The URL that a remote is fetched from, without a user or a token; `null` if there is no such remote. */
  remoteUrl(remote: string): Promise<string | null>
  /** The branch that the remote calls its default; `null` if it does not say. */
  defaultBranch(remote: string): Promise<string | null>
  /** Commits that `head` has and `base` has not, newest first. */
  commitsSince(base: string, head: string): Promise<readonly Commit[]>
  /** When a commit was made, by the clock of who made it. */
  commitTime(commit: string): Promise<Date>
  /**
   * Whether `base`, since it and `head` parted, has held every file as `head` has changed it: then `head` was merged, squashed and rebased
   * branches too.
   */
  hasHeld(base: string, head: string): Promise<boolean>
  /** Every path below a folder that a commit of this history has added, also those that are gone. A shallow clone is completed first. */
  pathsEver(commit: string, folder: string): Promise<readonly string[]>
  /** What every commit of this history has changed in these files, oldest first. A shallow clone is completed first. */
  lineChanges(commit: string, paths: readonly string[]): Promise<readonly LineChange[]>
  openWorktree(commit: string): Promise<Worktree>
  /**
   * Pushes all branches in one atomic push. `expected` is the commit that the remote's branch has now (`null`: it must not exist): a lease.
   * @throws RerootError GIT_FAILED if the lease is lost, a hook or the remote refuses, or the name cannot stand beside another branch; then
   * nothing was pushed.
   */
  push(
    remote: string,
    branches: readonly { readonly branch: string; readonly commit: string; readonly expected: string | null }[],
  ): Promise<void>
  /**
   * Makes or moves local branches, for `--no-push`: all of them or none.
   * @throws RerootError GIT_FAILED if one is checked out somewhere or cannot stand beside another branch; FOREIGN_COMMITS if one holds
   * commits that reroot did not make.
   */
  setLocalBranches(branches: readonly { readonly branch: string; readonly commit: string }[]): Promise<void>
}

/** What a program printed and how it ended. */
export interface ProcessResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The official `sops` program. Never given plaintext but on stdin. */
export interface SopsProgram {
  /** `3.13.3`; `null` if there is no such program. */
  version(): Promise<string | null>
  run(
    args: readonly string[],
    options: { readonly input: string; readonly directory: string; readonly withIdentities: boolean },
  ): Promise<ProcessResult>
}

/** The operator's age identities, as sops itself looks for them. */
export interface Identities {
  /** Identity lines (`AGE-SECRET-KEY-1…`), in memory only; empty if there are none. Each with the place that it came from, for messages. */
  load(): Promise<readonly { readonly identity: Confidential<string>; readonly from: string }[]>
  /** Where `load` looks, in words, for messages: also the variables that are not set. */
  places(): readonly string[]
}

/** Talk to the person: never data. */
export interface Terminal {
  readonly interactive: boolean
  /** A line on stderr. */
  say(line: string): void
  /** Asks on the terminal. @throws RerootError USAGE if it is not interactive. */
  ask(question: string): Promise<string>
}

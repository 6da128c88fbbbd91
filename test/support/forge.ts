import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A file's new text, or `null` to remove it. */
export type Edits = Readonly<Record<string, string | Uint8Array | null>>

/** A bare repository, and what people do to it through a forge: merge pull requests, and push commits. One or two processes each. */
export class Forge {
  readonly directory: string
  readonly #environment: Readonly<Record<string, string>>

  constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.directory = directory
    this.#environment = environment
  }

  git(args: readonly string[], input: string | Uint8Array = ''): Buffer {
    return execFileSync('git', args, { cwd: this.directory, env: this.#environment, input, stdio: 'pipe', maxBuffer: 1 << 28 })
  }

  text(...args: readonly string[]): string {
    return this.git(args).toString('utf8').trimEnd()
  }

  /** A commit on a branch that somebody pushes; the branch begins at main if it is new. */
  push(edits: Edits, message = 'Work of other people', branch = 'main'): void {
    const refs = readRefs(this.directory)
    const parent = refs.get(`refs/heads/${branch}`) ?? refs.get('refs/heads/main')
    const body = Buffer.from(message)
    const chunks: Uint8Array[] = [
      Buffer.from(`commit refs/heads/${branch}\ncommitter Bea Developer <bea@shop.example> now\ndata ${body.length}\n`),
      body,
    ]
    chunks.push(Buffer.from(parent === undefined ? '\n' : `\nfrom ${parent}\n`))
    for (const [path, content] of Object.entries(edits)) {
      if (content === null) chunks.push(Buffer.from(`D ${path}\n`))
      else
        chunks.push(Buffer.from(`M 100644 inline ${path}\ndata ${Buffer.from(content).length}\n`), Buffer.from(content), Buffer.from('\n'))
    }
    this.git(['fast-import', '--quiet', '--date-format=now', '--force'], Buffer.concat(chunks))
  }

  /** Merges a pull request as a forge does: with a merge commit, or squashed into one commit of main. @throws Error if it conflicts. */
  merge(branch: string, how: 'merge' | 'squash' = 'merge'): void {
    const refs = readRefs(this.directory)
    const [main, head] = [refs.get('refs/heads/main'), refs.get(`refs/heads/${branch}`)]
    if (main === undefined || head === undefined) throw new Error(`the remote has no branch ${branch}`)
    const tree = this.text('merge-tree', '--write-tree', main, head)
    const parents = how === 'merge' ? ['-p', main, '-p', head] : ['-p', main]
    this.text('update-ref', 'refs/heads/main', this.text('commit-tree', tree, ...parents, '-m', `${how} ${branch}`))
  }

  /** `git revert` of main's newest commit, as a forge's button does it. */
  revert(): void {
    const commit = this.text('commit-tree', 'main^1^{tree}', '-p', 'main', '-m', 'Revert the newest merge')
    this.text('update-ref', 'refs/heads/main', commit)
  }

  /** Every file of a branch, as bytes. */
  files(branch = 'main'): ReadonlyMap<string, Buffer> {
    const commit = readRefs(this.directory).get(`refs/heads/${branch}`) ?? branch
    const entries = this.git(['ls-tree', '-r', '-z', commit])
      .toString('utf8')
      .split('\0')
      .filter((line) => line !== '')
    const named = entries.map((line) => ({ sha: line.slice(12, 52), path: line.slice(53) }))
    const out = this.git(['cat-file', '--batch'], `${named.map((one) => one.sha).join('\n')}\n`)
    const files = new Map<string, Buffer>()
    let at = 0
    for (const { path } of named) {
      const end = out.indexOf(10, at)
      const size = Number(out.subarray(at, end).toString().split(' ')[2])
      files.set(path, out.subarray(end + 1, end + 1 + size))
      at = end + size + 2
    }
    return files
  }

  file(path: string, branch = 'main'): string {
    return this.git(['show', `${branch}:${path}`]).toString('utf8')
  }

  /** Replaces text in a file of main, as a person would. @throws Error if the text is not there. */
  edit(path: string, replacements: readonly (readonly [string | RegExp, string])[], message = `Edit ${path}`): void {
    let text = this.file(path)
    for (const [from, to] of replacements) {
      const next = text.replace(from, to)
      if (next === text) throw new Error(`${path} has no ${String(from)}:\n${text}`)
      text = next
    }
    this.push({ [path]: text }, message)
  }

  branches(): readonly string[] {
    return [...readRefs(this.directory).keys()].map((ref) => ref.replace('refs/heads/', '')).toSorted()
  }
}

/** The refs of a repository, by name, read without a process; those of its remotes are left out: a fetch may move them. */
export function readRefs(gitDirectory: string): ReadonlyMap<string, string> {
  const refs = new Map<string, string>()
  for (const line of (textOf(join(gitDirectory, 'packed-refs')) ?? '').split('\n')) {
    const [sha, name] = line.split(' ')
    if (sha !== undefined && name !== undefined && sha.length === 40) refs.set(name, sha)
  }
  // A git that was killed leaves the lock of a ref, which is none.
  const files = filesBelow(join(gitDirectory, 'refs')).filter((path) => !path.endsWith('.lock'))
  for (const path of files) refs.set(relative(gitDirectory, path), readFileSync(path, 'utf8').trim())
  return new Map([...refs].filter(([name]) => !name.startsWith('refs/remotes/')).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

/** Every file below a folder but for `.git`; none if there is no such folder. */
export function filesBelow(folder: string): readonly string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== '.git')
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .toSorted()
}

export function textOf(path: string): string | null {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? null : readFileSync(path, 'utf8')
}

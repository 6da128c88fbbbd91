import { lstat, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { RerootError } from '../../src/base/index.ts'

/** What a command's help ends with. */
export const example = (text: string): string => `\nExample:\n  ${text}`

/** Options that several commands share. */
export const directoryOption = () =>
  new Option('--directory <path>', 'reroot’s directory in the repository').default('mesh-ca').argParser(folderOfRepository)
export const outputOption = () =>
  new Option('--output <format>', 'what goes to stdout').choices(['text', 'json'] as const).default('text' as const)
export const dryRunOption = () =>
  new Option('--dry-run', 'print the plan, write the files into --out, and touch nothing else').default(false)
export const outOption = () => new Option('--out <folder>', 'where --dry-run writes (default: a new temporary folder)')
export const noPushOption = () => new Option('--no-push', 'keep the branch in this clone')
export const configOption = () => new Option('--config <file>', 'take this reroot.yaml, and commit it with the change')

/** `./mesh-ca/` as `mesh-ca`: paths of the repository are compared as texts. */
function folderOfRepository(text: string): string {
  const path = posix.normalize(text.trim()).replace(/\/$/, '')
  if (text.trim() !== '' && path !== '.' && path !== '' && !posix.isAbsolute(path) && path.split('/')[0] !== '..') return path
  throw new InvalidArgumentError('It is the path of a folder below the top of the repository, such as mesh-ca.')
}

/**
 * Where `--dry-run` writes; nowhere without it. It overwrites what is there, so a repository is no place for it.
 * @throws RerootError USAGE if only `--out` is given, which would be ignored; or if it names a repository, or the top of a clone.
 */
export async function refuseOut({ dryRun, out }: { readonly dryRun: boolean; readonly out?: string | undefined }): Promise<void> {
  if (out === undefined) return
  if (!dryRun)
    throw new RerootError('USAGE', '--out is only for --dry-run', {
      hint: 'add --dry-run to look at the files; or leave --out out: the branch is pushed, or with --no-push kept in this clone',
    })
  if (await isRepository(out))
    throw new RerootError('USAGE', `--out ${out} is a git repository, and a dry run would overwrite files of it`, {
      hint: 'name another folder, or leave --out out: a new temporary folder is made; to change this clone, use --no-push, which makes a branch of it',
    })
}

/** The top of a clone, a linked worktree or a submodule has an entry `.git`; a bare repository, or `.git` itself, has these three. */
async function isRepository(folder: string): Promise<boolean> {
  if (await isThere(join(folder, '.git'))) return true
  return (await Promise.all(['HEAD', 'objects', 'refs'].map((name) => isThere(join(folder, name))))).every(Boolean)
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/**
 * An option that may be given several times.
 * @param fallback what holds without it, in words.
 * @param parse `collectList` for values that hold no comma.
 */
export const repeatable = <Flags extends string>(flags: Flags, description: string, fallback: string, parse = collect) =>
  new Option(flags, `${description}; repeatable`).default<readonly string[]>([], fallback).argParser(parse)

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

/** A list with commas is taken apart. */
export function collectList(value: string, before: readonly string[]): readonly string[] {
  const items = value.split(',').map((item) => item.trim())
  return [...before, ...items.filter((item) => item !== '')]
}

/** @throws RerootError USAGE if the file cannot be read. */
export async function readConfig(file: string | undefined): Promise<Uint8Array | null> {
  if (file === undefined) return null
  try {
    return await readFile(file)
  } catch (cause) {
    throw new RerootError('USAGE', `cannot read ${file}`, { hint: 'give the path of a reroot.yaml with --config', cause })
  }
}

/** Reads `name=value`, repeated. @throws RerootError USAGE for anything else, and for a name that is given twice: one of its values would be lost. */
export function pairs(flag: string, given: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const text of given) {
    const at = text.indexOf('=')
    const [name, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
    if (name === '' || value === '')
      throw new RerootError('USAGE', `${flag} ${text} is not understood`, { hint: `write ${flag} <cluster>=<value>` })
    if (found.has(name))
      throw new RerootError('USAGE', `${flag} is given twice for ${name}: ${found.get(name) ?? ''} and ${value}`, {
        hint: `give ${flag} once for each cluster`,
      })
    found.set(name, value)
  }
  return found
}

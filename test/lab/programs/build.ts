import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { toolModules } from './modules.ts'
import type { ToolModule } from './modules.ts'

/** The programs of the lab, built. */
export interface Programs {
  /** A program's path. @throws TypeError for a name that no module builds. */
  path(name: string): string
  /** Where an asset of a module was copied to. */
  asset(module: string, name: string): string
  /** All of them, for PATH. */
  readonly folders: readonly string[]
}

const tools = join(import.meta.dirname, '..', 'tools')

/** Where builds are kept: `REROOT_LAB_TOOLS`, by default `reroot-lab` in the user's cache. */
export function cacheFolder(): string {
  return process.env['REROOT_LAB_TOOLS'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'reroot-lab')
}

/**
 * Builds what is not in the cache yet, one module after the other: `go build` uses every core by itself. A cold build takes about twenty minutes on two
 * cores. A module's folder in the cache is named by a hash of what pins it, and appears whole or not at all.
 */
export async function buildPrograms(say: (line: string) => void): Promise<Programs> {
  const folders = new Map<string, string>()
  for (const module of toolModules) folders.set(module.folder, await built(module, say))
  const programs = new Map(
    toolModules.flatMap((module) =>
      [...Object.keys(module.programs), ...Object.keys(module.links ?? {})].map(
        (name) => [name, join(folders.get(module.folder) ?? '', name)] as const,
      ),
    ),
  )
  return {
    path(name) {
      const path = programs.get(name)
      if (path === undefined) throw new TypeError(`no module of the lab builds ${name}`)
      return path
    },
    asset: (module, name) => join(folders.get(module) ?? '', name),
    folders: [...folders.values()],
  }
}

async function built(module: ToolModule, say: (line: string) => void): Promise<string> {
  const source = join(tools, module.folder)
  const pins = await Promise.all(['go.mod', 'go.sum', ...(module.sources ?? [])].map((file) => readFile(join(source, file), 'utf8')))
  const hash = createHash('sha256')
    .update(JSON.stringify([...pins, module]))
    .digest('hex')
    .slice(0, 12)
  const folder = join(cacheFolder(), `${module.folder}-${hash}`)
  if (await exists(folder)) return folder

  const started = Date.now()
  say(`building ${Object.keys(module.programs).join(', ')}`)
  const half = `${folder}.${process.pid}`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { recursive: true })
  try {
    await go(module, ['build', '-trimpath', ...(module.flags ?? []), '-o', `${half}/`, ...packagesOf(module)], source)
    await nameAsAsked(module, half)
    for (const [name, target] of Object.entries(module.links ?? {})) await symlink(target, join(half, name))
    for (const [from, path, name] of module.assets ?? []) await copyAsset(source, from, path, join(half, name))
    await rename(half, folder)
  } catch (error) {
    await rm(half, { recursive: true, force: true })
    throw error
  }
  say(`built ${Object.keys(module.programs).join(', ')} in ${Math.round((Date.now() - started) / 1000)} s`)
  return folder
}

function packagesOf(module: ToolModule): readonly string[] {
  return Object.values(module.programs)
}

/** `go build` names a program by its package's last part, which is not always the name that it goes by: `v3`, `cmd`. */
async function nameAsAsked(module: ToolModule, folder: string): Promise<void> {
  for (const [name, path] of Object.entries(module.programs)) {
    const parts = path.split('/')
    const last = parts.at(-1) ?? ''
    const given = /^v\d+$/.test(last) ? (parts.at(-2) ?? '') : last
    if (given !== name) await rename(join(folder, given), join(folder, name))
  }
}

async function copyAsset(source: string, module: string, path: string, to: string): Promise<void> {
  const question = module.includes('@') ? ['mod', 'download', '-json', module] : ['list', '-m', '-json', module]
  const { stdout } = await execa('go', question, { cwd: source, env: goEnvironment(false) })
  const { Dir: folder } = JSON.parse(stdout) as { readonly Dir: string }
  await mkdir(dirname(to), { recursive: true })
  await cp(join(folder, path), to, { recursive: true, mode: 0 })
  // The module cache is read-only, and so would be its copy.
  await execa('chmod', ['-R', 'u+w', to])
}

async function go(module: ToolModule, args: readonly string[], cwd: string): Promise<void> {
  await execa('go', args, { cwd, env: goEnvironment(module.cgo ?? false) })
}

function goEnvironment(cgo: boolean): Record<string, string> {
  return { CGO_ENABLED: cgo ? '1' : '0', GOFLAGS: '-buildvcs=false -mod=readonly', GOWORK: 'off' }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { transformSync } from 'rolldown/utils'
import type { TestProject } from 'vitest/node'
import { bundle } from '../../scripts/house/bundle.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The program under test, bundled once a run from the present source. */
    readonly program:
      | {
          readonly file: string
          /** What runs it again and again: `warm-program.ts`. */
          readonly warm: string
          /** What the kill matrix starts it behind. */
          readonly faultPort: string
          /** Where test files share prepared repositories. */
          readonly states: string
        }
      | { readonly error: string }
  }
}

/** Bundles the program into a folder of this run's own: never into `build/`, so that runs do not disturb each other. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Thousands of small files come and go: in memory that takes a third less. Workers inherit it.
  if (hasRoom('/dev/shm')) process.env['TMPDIR'] ??= '/dev/shm'
  const folder = await mkdtemp(join(tmpdir(), 'reroot-program-'))
  try {
    const states = join(folder, 'states')
    await mkdir(states)
    const file = await bundle(join(folder, 'build'))
    // The bundle's files are modules because the package says so.
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
    project.provide('program', {
      file,
      warm: await withoutTypes('support/warm-process', folder),
      faultPort: await withoutTypes('crashes/fault-port', folder),
      states,
    })
  } catch (error) {
    // Only tests that need the program fail.
    project.provide('program', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
  return () => rm(folder, { recursive: true, force: true })
}

/** Node strips types in a thread that all imports then go through (scripts/typescript.js): a process that users start has none. */
async function withoutTypes(name: string, folder: string): Promise<string> {
  const source = join(import.meta.dirname, '..', `${name}.ts`)
  const { code, errors } = transformSync(source, await readFile(source, 'utf8'))
  if (errors.length > 0) throw new SyntaxError(errors.map(({ message }) => message).join('; '))
  const file = join(folder, `${basename(name)}.js`)
  await writeFile(file, code)
  return file
}

/** Room for repositories, whose hooks can be run: containers often mount it `noexec`. */
function hasRoom(parent: string): boolean {
  let folder: string | null = null
  try {
    const { bavail, bsize } = statfsSync(parent)
    folder = mkdtempSync(join(parent, 'reroot-'))
    const script = join(folder, 'script')
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 })
    return bavail * bsize > 2 ** 30 && spawnSync(script).status === 0
  } catch {
    return false
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true })
  }
}

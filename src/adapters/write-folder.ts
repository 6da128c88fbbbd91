import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RerootError } from '../base/index.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

/**
 * Writes files below a folder, which is made if it is not there. Paths are relative to it; other files of it stay.
 * @throws RerootError ENVIRONMENT if the folder or a file cannot be made.
 */
export async function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    for (const [path, content] of files) {
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, content)
    }
  } catch (cause) {
    const { code = 'unknown', path = folder } = cause as NodeJS.ErrnoException
    throw new RerootError('ENVIRONMENT', `cannot write into ${folder}: ${path} (${code})`, {
      hint: 'give --out a folder that is there, or can be made, and that has room, and that you may write to',
      cause,
    })
  }
}

/**
 * Writes what `--dry-run` shows. A folder of its own appears whole, under its name, when everything is in it.
 * @param folder `null`: a new one in the temporary folder, which is the user's from then on.
 * @returns the folder.
 */
export async function writePlan(folder: string | null, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
  if (folder !== null) {
    await writeFolder(folder, files)
    return folder
  }
  const begun = makeTemporaryFolder(null)
  try {
    await writeFolder(begun.directory, files)
    return await begun.keepAs('reroot-plan-')
  } finally {
    await begun.remove()
  }
}

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RerootError } from '../base/index.ts'

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
      hint: 'give --out a folder that is there, or can be made, and that you may write to',
      cause,
    })
  }
}

import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

const removal = { recursive: true, force: true } as const

// What a program that is about to end still holds. Node's own retries (`maxRetries`) begin anew on each level of folders: a file that stays busy six
// levels down takes a quarter of an hour.
const passing: ReadonlySet<string | undefined> = new Set(['EBUSY', 'EMFILE', 'ENFILE', 'ENOTEMPTY', 'EPERM'])
const waitsMs = [100, 200, 300] as const

/** Removes a folder with all that is in it. What is busy is tried again a few times. */
export async function removeFolder(
  place: string,
  remove: (place: string) => Promise<void> = (folder) => rm(folder, removal),
): Promise<void> {
  for (const waitMs of waitsMs) {
    try {
      await remove(place)
      return
    } catch (error) {
      if (!isPassing(error)) throw error
      await setTimeout(waitMs)
    }
  }
  await remove(place)
}

/** The same where nothing can be waited for: the process is ending. */
export function removeFolderNow(place: string): void {
  for (const waitMs of waitsMs) {
    try {
      rmSync(place, removal)
      return
    } catch (error) {
      if (!isPassing(error)) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs)
    }
  }
  rmSync(place, removal)
}

function isPassing(error: unknown): boolean {
  return passing.has((error as NodeJS.ErrnoException).code)
}

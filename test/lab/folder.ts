import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'reroot-lab-'

/** A folder for one lab, which is gone at its end. Folders of labs whose process is gone are removed first. */
export async function labFolder(): Promise<string> {
  await removeLeftOvers()
  const folder = await mkdtemp(join(tmpdir(), prefix))
  await writeFile(join(folder, 'owner'), String(process.pid))
  return folder
}

async function removeLeftOvers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const folder = join(tmpdir(), name)
    const owner = await readFile(join(folder, 'owner'), 'utf8').catch(() => null)
    // Logs of a lab that failed are kept until somebody removes them: their folder has no owner.
    if (owner !== null && !isAlive(Number(owner))) await rm(folder, { recursive: true, force: true })
  }
}

/** Leaves a lab's folder to whoever looks into its logs. */
export async function keepLabFolder(folder: string): Promise<void> {
  await rm(join(folder, 'owner'), { force: true })
  process.stderr.write(`logs are kept in ${folder}\n`)
}

/** Removes a lab's folder, with all keys in it. */
export async function removeLabFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

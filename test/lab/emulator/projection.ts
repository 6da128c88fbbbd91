import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Writes the files of a Secret or ConfigMap as the kubelet does (pkg/volume/util/atomic_writer.go): into a new folder `..<time>`, and then `..data`
 * is renamed onto it. istiod's watcher waits for just that.
 */
export class Projection {
  readonly folder: string
  #present: string | null = null
  #count = 0

  constructor(folder: string) {
    this.folder = folder
  }

  async write(files: Readonly<Record<string, Buffer | string>>): Promise<void> {
    this.#count += 1
    const name = `..v${this.#count}`
    await mkdir(join(this.folder, name), { recursive: true })
    for (const [file, content] of Object.entries(files)) {
      await writeFile(join(this.folder, name, file), content, { mode: 0o600 })
      await symlink(join('..data', file), join(this.folder, file)).catch(() => undefined)
    }
    await symlink(name, join(this.folder, '..data_tmp'))
    await rename(join(this.folder, '..data_tmp'), join(this.folder, '..data'))
    if (this.#present !== null) await rm(join(this.folder, this.#present), { recursive: true, force: true })
    this.#present = name
  }
}

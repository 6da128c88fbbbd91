import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'
import { notices } from './notices.ts'

const root = join(import.meta.dirname, '../..')

/**
 * Bundles the program into a folder, which is emptied first: one file; what `import()` names becomes a chunk of its own, so that
 * `--help` does not pay for cdk8s.
 * @returns the program's path.
 */
export async function bundle(folder: string): Promise<string> {
  await build({
    cwd: root,
    input: { reroot: './scripts/reroot.ts' },
    platform: 'node',
    plugins: [notices()],
    // cdk8s brings a second copy of the same version, which would be loaded too.
    resolve: { alias: { yaml: join(root, 'node_modules/yaml') } },
    output: {
      dir: folder,
      format: 'esm',
      cleanDir: true,
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name].js',
      // Notices of code inside of packages stay; the rest is read at every start.
      comments: { legal: true, annotation: false, jsdoc: false },
    },
  })
  const program = join(folder, 'reroot.js')
  chmodSync(program, 0o755)
  return program
}

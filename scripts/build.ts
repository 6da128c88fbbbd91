import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'
import { notices } from './house/notices.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'build')

// One program file; what `import()` names becomes a chunk of its own, so that `--help` does not pay for cdk8s.
await build({
  cwd: root,
  input: { reroot: './scripts/reroot.ts' },
  platform: 'node',
  plugins: [notices()],
  output: { dir: folder, format: 'esm', cleanDir: true, entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
})
chmodSync(join(folder, 'reroot.js'), 0o755)

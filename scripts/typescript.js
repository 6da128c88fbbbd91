// Lets Node run TypeScript sources, also Node 20: `node --import ./scripts/typescript.js main.ts`.
// The bundler that is installed anyway strips the types; nothing is checked here, `npm run check` does that.
import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { transformSync } from 'rolldown/utils'

// Node loads the hooks in a thread of their own, from this same file.
if (isMainThread) {
  register(import.meta.url)
  process.setSourceMapsEnabled(true)
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !/\.m?ts$/.test(url)) return nextLoad(url, context)
  const file = fileURLToPath(url)
  const { code, map, errors } = transformSync(file, await readFile(file, 'utf8'), { sourcemap: true })
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors.map((error) => error.message).join('; ')}`)
  const inline = Buffer.from(JSON.stringify(map)).toString('base64')
  return { format: 'module', source: `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`, shortCircuit: true }
}

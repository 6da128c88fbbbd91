import type { Answer, Request } from './warm-program.ts'

/** A process that runs the program again and again, for `warm-program.ts`. Its chunks stay loaded and compiled; the entry is run anew each time. */

class Exited extends Error {}

let runs = 0
process.on('message', (request: Request | string) => {
  if (typeof request === 'string') process.send?.(process.getActiveResourcesInfo())
  else void answer(request)
})

async function answer({ file, args, cwd, env }: Request): Promise<void> {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.chdir(cwd)
  process.argv = [process.execPath, file, ...args]
  process.exitCode = undefined

  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].removeAllListeners('error')
    const decoder = new TextDecoder()
    process[name].write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
      said[name] += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
      const done = rest.at(-1)
      if (typeof done === 'function') process.nextTick(done)
      return true
    }
  }
  process.exit = (code): never => {
    process.exitCode = code ?? process.exitCode
    throw new Exited()
  }
  try {
    runs += 1
    await import(`${file}?run=${runs}`)
  } catch (error) {
    if (!(error instanceof Exited)) {
      // As node ends a program whose top level fails.
      said.stderr += `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`
      process.exitCode = 1
    }
  }
  const megabytes = process.memoryUsage().heapUsed / 2 ** 20
  process.send?.({ exitCode: process.exitCode ?? 0, ...said, megabytes } satisfies Answer)
  // The next folder may be gone by then.
  process.chdir('/')
}

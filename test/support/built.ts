import { inject } from 'vitest'
import type { ProvidedContext } from 'vitest'

/** What `program.ts` has built for this run. @throws if the program could not be bundled. */
export function built(): Exclude<ProvidedContext['program'], { readonly error: string }> {
  const program = inject('program')
  if ('error' in program) throw new Error(`the program could not be bundled: ${program.error}`)
  return program
}

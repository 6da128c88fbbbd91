import { buildPrograms } from './programs/build.ts'
import { say } from './say.ts'

/** Before the scenarios: two of them side by side would build the same programs twice. */
export async function setup(): Promise<void> {
  await buildPrograms(say)
}

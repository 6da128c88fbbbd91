import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configJsonSchema } from '../src/mesh/index.ts'
import { configurationPage } from './docs/configuration.ts'
import { findingsPage } from './docs/findings.ts'
import { withPullRequest } from './docs/readme.ts'

/** Writes what documentation repeats of the code: docs/findings.md, the tables of docs/configuration.md, and the pull request in the README. `npm test` watches that it is fresh. */
const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

write('docs/findings.md', findingsPage(read('scripts/docs/findings.yaml')))
write('docs/configuration.md', configurationPage(read('docs/configuration.md'), configJsonSchema()))
const golden = 'test/golden/flux/staged/pull-request.md'
if (existsSync(join(root, golden))) write('README.md', withPullRequest(read('README.md'), read(golden)))
else console.log(`README.md is left as it is: there is no ${golden}`)

function write(path: string, text: string): void {
  const same = existsSync(join(root, path)) && read(path) === text
  if (!same) writeFileSync(join(root, path), text)
  console.log(`${path} ${same ? 'is fresh' : 'written'}`)
}

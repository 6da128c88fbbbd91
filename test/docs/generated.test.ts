import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { differences, findingsPage } from '../../scripts/docs/findings.ts'
import { notRolledOut, proxiesNotConnected, proxiesNotOf, proxiesWithout } from '../../src/plan/index.ts'
import { withPullRequest } from '../../scripts/docs/readme.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const stale = 'run `npm run docs`'

test('every finding is explained in scripts/docs/findings.yaml, and nothing else', () => {
  expect(differences(read('scripts/docs/findings.yaml'))).toEqual({ unexplained: [], unknown: [] })
})

test('a finding without an explanation fails the page', () => {
  const without = read('scripts/docs/findings.yaml').replace(/^ {2}sops\/no-rule:\n( {4}.*\n)+/m, '')

  expect(() => findingsPage(without)).toThrow('does not explain sops/no-rule')
})

test('docs/findings.md is fresh', () => {
  expect(read('docs/findings.md') === findingsPage(read('scripts/docs/findings.yaml')), stale).toBe(true)
})

test('docs/rotation.md looks at every proxy, and at rollouts, with the lines of the pull request', () => {
  const here = { contexts: [], ambient: true }
  for (const lines of [
    proxiesNotOf('g2', here),
    proxiesWithout('O=shop, CN=shop root CA g2', here),
    proxiesNotConnected(here),
    notRolledOut([]),
  ])
    expect(read('docs/rotation.md')).toContain(`\`\`\`sh\n${lines.join('\n')}\n\`\`\``)
})

const golden = 'test/golden/flux/staged/pull-request.md'

test.runIf(existsSync(join(root, golden)))('the pull request in the README is the golden one', () => {
  expect(read('README.md') === withPullRequest(read('README.md'), read(golden)), stale).toBe(true)
})

test('filling the README twice equals filling it once, and touches nothing outside the marks', () => {
  const readme = 'before\n<!-- pull-request -->\nold\n<!-- /pull-request -->\nafter\n'

  const once = withPullRequest(readme, '# stage g2 in prod\n\nThis makes.\n')

  expect(once).toBe(
    'before\n<!-- pull-request -->\n<details><summary>stage g2 in prod</summary>\n\nThis makes.\n\n</details>\n<!-- /pull-request -->\nafter\n',
  )
  expect(withPullRequest(once, '# stage g2 in prod\n\nThis makes.\n')).toBe(once)
})

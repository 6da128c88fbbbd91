import { spawnSync } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs that interop tests and the bench compare with, the answer that shows a version which is meant, and where to get it. */
// The versions are those that `.ci/run` builds; the bench, which wants yq, does not run there.
const tools = {
  'age-keygen': { ask: ['--version'], expect: /./, get: 'go install filippo.io/age/cmd/age-keygen@v1.3.2' },
  jq: { ask: ['--version'], expect: /^jq-1\.[6-9]/, get: 'jq 1.6 or later from your system' },
  kustomize: { ask: ['version'], expect: /^v5\.8\./, get: 'go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1' },
  openssl: { ask: ['version'], expect: /^OpenSSL 3\./, get: 'OpenSSL 3 from your system' },
  sops: {
    ask: ['--version', '--disable-version-check'],
    expect: /^sops 3\.[1-9]\d\./,
    get: 'go install github.com/getsops/sops/v3/cmd/sops@v3.13.3',
  },
  'sops-bulk': {
    ask: ['bulk', 'version'],
    expect: /^sops-bulk of sops 3\.1[3-9]\./,
    get: 'test/support/sops-bulk/build.sh FOLDER/sops-bulk',
  },
  yq: { ask: ['--version'], expect: /version v4\./, get: 'go install github.com/mikefarah/yq/v4@v4.53.2' },
  strace: { ask: ['-V'], expect: /^strace -- version [5-9]\./, get: 'strace from your system, on Linux' },
} as const

export type Tool = keyof typeof tools

/**
 * For `test.skipIf(!onPath('sops'))`: whether the programs are there, in a version that tests can compare with.
 * A missing one is named on stderr, so that no one takes a skipped test for a passed one.
 * @throws Error if one is missing and `REROOT_REQUIRE_TOOLS` is 1, as in CI: there, nothing may be skipped.
 */
export function onPath(...names: readonly Tool[]): boolean {
  const problems = names.map(problemWith).filter((problem) => problem !== null)
  if (problems.length > 0 && process.env['REROOT_REQUIRE_TOOLS'] === '1') {
    throw new Error(`${problems.join('; ')}, and REROOT_REQUIRE_TOOLS is 1`)
  }
  for (const problem of problems) if (!told.has(problem)) console.warn(`skipped: ${problem}`)
  for (const problem of problems) told.add(problem)
  return problems.length === 0
}

/** Where a program is. @throws Error if it is not on PATH. */
export function pathOf(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name)
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return realpathSync(file)
  }
  throw new Error(`${name} is not on PATH`)
}

const told = new Set<string>()

function problemWith(name: Tool): string | null {
  const { ask, expect, get } = tools[name]
  const { error, stdout } = spawnSync(name, ask, { encoding: 'utf8' })
  if (error !== undefined) return `${name} is not on PATH (${get})`
  return expect.test(stdout) ? null : `${name} on PATH is not the version to compare with (${get})`
}

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs that interop tests compare with. */
export type Tool = 'age' | 'age-keygen' | 'git' | 'kustomize' | 'openssl' | 'sops'

/**
 * For `test.skipIf(!onPath('sops'))`: whether the program can be run.
 * A missing one is named on stderr, once, so that no one takes a skipped test for a passed one.
 * @throws Error if it is missing and `REROOT_REQUIRE_TOOLS` is 1, as in CI: there, nothing may be skipped.
 */
export function onPath(...tools: readonly Tool[]): boolean {
  const missing = tools.filter((tool) => find(tool) === null)
  for (const tool of missing) {
    if (process.env['REROOT_REQUIRE_TOOLS'] === '1') throw new Error(`${tool} is not on PATH, and REROOT_REQUIRE_TOOLS is 1`)
    if (!told.has(tool)) console.warn(`skipped: ${tool} is not on PATH (${needs[tool]})`)
    told.add(tool)
  }
  return missing.length === 0
}

const told = new Set<Tool>()

// The versions are those that `.ci/run` builds.
const needs: Readonly<Record<Tool, string>> = {
  age: 'go install filippo.io/age/cmd/age@v1.3.2',
  'age-keygen': 'go install filippo.io/age/cmd/age-keygen@v1.3.2',
  git: 'any git since 2.30',
  kustomize: 'go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.1',
  openssl: 'OpenSSL 3',
  sops: 'go install github.com/getsops/sops/v3/cmd/sops@v3.13.3',
}

function find(tool: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, tool)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      continue
    }
  }
  return null
}

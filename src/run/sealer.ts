import { RerootError } from '../base/index.ts'
import type { Finding } from '../base/index.ts'
import type { Files } from '../ports.ts'
import { chooseEngine, creationRule, embeddedEngine, nestedConfigFindings, parseSopsConfig, sopsEngine } from '../seal/index.ts'
import type { CreationRule, PlainDocument } from '../seal/index.ts'
import type { Context } from './context.ts'

/** Seals documents by the repository's own SOPS rules. */
export interface Sealer {
  /** @throws RerootError SEAL_REFUSED if no rule covers the path. */
  rule(path: string): CreationRule
  seal(path: string, document: PlainDocument): Promise<Uint8Array>
}

/**
 * Reads the repository's `.sops.yaml` files.
 * @param folder where these files are on disk: the `sops` program reads its rules itself.
 * @throws RerootError SEAL_REFUSED with every problem in them.
 */
export function openSealer(files: Files, folder: () => Promise<string>, context: Pick<Context, 'sops' | 'clock'>): Sealer {
  const parsed = files
    .list()
    .filter((path) => path === '.sops.yaml' || path.endsWith('/.sops.yaml'))
    .map((path) => parseSopsConfig(files.read(path) ?? new Uint8Array(), path))
  const problems = parsed.flatMap(({ findings }) => findings).filter((finding) => finding.severity === 'error')
  if (problems.length > 0) {
    throw new RerootError('SEAL_REFUSED', 'the SOPS rules cannot be followed', {
      hint: 'mend .sops.yaml as listed; nothing was sealed',
      findings: problems,
    })
  }
  const configs = parsed.flatMap(({ config }) => (config === null ? [] : [config]))

  const rule = (path: string): CreationRule => {
    const nested = nestedConfigFindings(configs, path)
    if (nested.length > 0) {
      throw new RerootError('SEAL_REFUSED', `two .sops.yaml files disagree about ${path}`, {
        hint: nested[0]?.remedy ?? '',
        findings: nested,
      })
    }
    const found = creationRule(configs, path)
    if (found !== null) return found
    const remedy = 'add a creation rule for it above any catch-all; `reroot init` writes them'
    const finding: Finding = {
      id: 'sops/no-rule',
      severity: 'error',
      place: { file: '.sops.yaml' },
      message: `no creation rule covers ${path}`,
      expected: 'a rule whose path_regex matches this path, or one without',
      found: configs.length === 0 ? 'no .sops.yaml' : configs.map(({ file, rules }) => `${rules.length} rules in ${file}`).join(', '),
      remedy,
    }
    throw new RerootError('SEAL_REFUSED', `no rule of .sops.yaml covers ${path}`, { hint: remedy, findings: [finding] })
  }
  const engines = { embedded: embeddedEngine(), sops: sopsEngine(context.sops, folder) }
  return {
    rule,
    async seal(path, document) {
      const followed = rule(path)
      const sealed = await chooseEngine(followed, engines).seal({ document, rule: followed, path, at: context.clock.now() })
      return new TextEncoder().encode(sealed)
    },
  }
}

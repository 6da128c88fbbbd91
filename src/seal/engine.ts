import { RerootError } from '../base/index.ts'
import type { CreationRule } from './creation-rule.ts'
import type { PlainDocument } from './document.ts'
import type { SealedText } from './guard-sealed.ts'

/** What is to be sealed. */
export interface SealRequest {
  readonly document: PlainDocument
  readonly rule: CreationRule
  /** Path of the file to be, relative to the repository's root. */
  readonly path: string
  /** Written as `lastmodified`, to the second. */
  readonly at: Date
}

/** Turns a document into the text of a SOPS file that has passed the guard. */
export interface SealEngine {
  readonly name: 'embedded' | 'sops'
  /** @throws RerootError SEAL_REFUSED if the rule or the document cannot be honoured; nothing of the document is in its message. */
  seal(request: SealRequest): Promise<SealedText>
}

/**
 * The engine for a rule: the embedded one for what it can do (one group of age recipients), else the `sops` program.
 * @param wish `auto`, or the engine that the operator insists on.
 * @throws RerootError SEAL_REFUSED if the wish cannot be granted, SOPS_FAILED if the program is needed and missing.
 */
export function chooseEngine(
  rule: CreationRule,
  engines: { readonly embedded: SealEngine; readonly sops: SealEngine | null },
  wish: 'auto' | 'embedded' | 'sops' = 'auto',
): SealEngine {
  const { place, needsSops } = rule
  const because = `the rule at ${place.file}:${place.line} has ${needsSops.join(', ')}`
  if (wish !== 'sops' && needsSops.length === 0) return engines.embedded
  if (wish === 'embedded') {
    throw new RerootError('SEAL_REFUSED', `the embedded engine cannot seal: ${because}`, {
      hint: 'let the sops program seal, or seal for age recipients alone',
    })
  }
  if (engines.sops !== null) return engines.sops
  throw new RerootError(
    'SOPS_FAILED',
    wish === 'sops' ? 'there is no sops program on the PATH' : `there is no sops program on the PATH, and ${because}`,
    {
      hint: 'install sops 3.10 or later',
    },
  )
}

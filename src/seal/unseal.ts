import { Confidential, RerootError } from '../base/index.ts'
import type { SopsProgram } from '../ports.ts'
import { unwrapDataKey } from './data-key.ts'
import { documentOf } from './document.ts'
import type { PlainDocument } from './document.ts'
import type { SealedFacts } from './metadata.ts'
import { openSealed } from './open.ts'
import { openedBy } from './recipient.ts'
import type { IdentitySource } from './recipient.ts'
import { parseSealed } from './sealed.ts'
import type { Sealed } from './sealed.ts'
import { isCommentSelector } from './selector.ts'
import { unsealWithSops } from './sops-decrypt.ts'

const usualPlaces = ['SOPS_AGE_KEY', 'SOPS_AGE_KEY_FILE', 'SOPS_AGE_KEY_CMD', 'the default key file of sops'] as const

/**
 * Opens a sealed file, in memory only, and verifies that nobody altered it.
 * An age identity at hand opens it here; anything else (a key service, PGP, SSH, a plugin) is left to the `sops` program.
 * @throws RerootError NO_IDENTITY if nothing at hand opens it; SEAL_REFUSED if it was tampered with; FILE_INVALID if it is no
 * sealed file.
 */
export async function unseal(
  bytes: Uint8Array,
  file: string,
  identities: readonly IdentitySource[],
  program: SopsProgram | null = null,
  places: readonly string[] = usualPlaces,
): Promise<Confidential<PlainDocument>> {
  const sealed = parseSealed(bytes, file)
  if (sealed === null) {
    throw new RerootError('FILE_INVALID', `${file} is not a sealed file: it has no sops block`, {
      hint: 'seal it with sops, or name another file',
    })
  }
  if (embeddedCanOpen(sealed.facts)) {
    const dataKey = await dataKeyOf(sealed, identities)
    if (dataKey !== null) {
      try {
        return new Confidential(documentOf(openSealed(sealed, dataKey)))
      } finally {
        dataKey.fill(0)
      }
    }
  }
  const opened = program === null ? null : await unsealWithSops(sealed, program)
  if (opened === null) throw noIdentity(sealed, noneFits(identities, places), program !== null && (await program.version()) !== null)
  return opened
}

/** Whether one of the identities opens the file without the `sops` program. Reads nothing but its recipients. */
export async function canUnseal(facts: SealedFacts, identities: readonly IdentitySource[]): Promise<boolean> {
  return embeddedCanOpen(facts) && (await openedBy(facts.age, identities)).length > 0
}

// Comments decide there, and a document has none.
function embeddedCanOpen(facts: SealedFacts): boolean {
  return !facts.isShamir && !isCommentSelector(facts.selector)
}

async function dataKeyOf(sealed: Sealed, identities: readonly IdentitySource[]): Promise<Uint8Array | null> {
  for (const { recipient, identity } of await openedBy(sealed.facts.age, identities)) {
    for (const key of sealed.ageKeys) {
      if (key.recipient !== recipient) continue
      const dataKey = await unwrapDataKey(key, identity)
      if (dataKey !== null) return dataKey
    }
  }
  return null
}

/** Why no identity opens what it should: none was found, or those that were are others'. */
export function noneFits(identities: readonly Pick<IdentitySource, 'from'>[], places: readonly string[]): string {
  return identities.length === 0
    ? `no age identity was found; looked in: ${places.join(', ')}`
    : `those found do not fit: ${[...new Set(identities.map(({ from }) => from))].join(', ')}`
}

function noIdentity({ file, facts }: Sealed, why: string, triedSops: boolean): RerootError {
  return new RerootError('NO_IDENTITY', `no identity at hand opens ${file}; it is sealed for ${facts.recipients.join(', ')}`, {
    hint: `${why}${triedSops ? '; the sops program could not open it either' : ''}\nset SOPS_AGE_KEY_FILE to the file with the identity of one of these recipients`,
  })
}

import { Encrypter, identityToRecipient } from 'age-encryption'
import { RerootError } from '../base/index.ts'
import type { Confidential } from '../base/index.ts'

/** An age identity in memory, and where it came from, for messages. */
export interface IdentitySource {
  readonly identity: Confidential<string>
  readonly from: string
}

/** What an entry of an `age:` list is: `native` ones can be sealed for without any program. */
export type AgeRecipientKind = 'native' | 'ssh' | 'plugin' | 'invalid'

/** The same cases as `parseRecipient` of sops' age/keysource.go. */
export function ageRecipientKind(text: string): AgeRecipientKind {
  if (isAgeRecipient(text)) return 'native'
  if (/^ssh-(ed25519|rsa) [A-Za-z0-9+/=]+( .*)?$/.test(text)) return 'ssh'
  if (/^age1[a-z0-9-]+1[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{6,}$/.test(text) && !text.startsWith('age1pq1')) return 'plugin'
  return 'invalid'
}

/** Whether the text is an X25519 (`age1…`) or a post-quantum (`age1pq1…`) recipient; its checksum is verified. */
export function isAgeRecipient(text: string): boolean {
  if (!/^age1(pq1)?[qpzry9x8gf2tvdw0s3jn54khce6mua7l]+$/.test(text)) return false
  try {
    new Encrypter().addRecipient(text)
    return true
  } catch {
    return false
  }
}

/** Whether it is a key of a cloud, which whoever unseals asks for by an identity of its own, without a key at hand. */
export function isCloudKey(recipient: string): boolean {
  return /^(kms|gcp_kms|azure_kv|hckms):/.test(recipient)
}

/**
 * The recipient that an identity opens files of.
 * @throws RerootError NO_IDENTITY if it is not a native age identity. Its text is never repeated.
 */
export async function recipientOf(identity: Confidential<string>): Promise<string> {
  try {
    return await identityToRecipient(identity.reveal())
  } catch {
    // The library's error may quote its input: it is dropped.
    throw new RerootError('NO_IDENTITY', 'an age identity is damaged, or of a kind that only a plugin knows', {
      hint: 'an identity is one line that age-keygen wrote; `age-keygen -y FILE` says which recipient it belongs to',
    })
  }
}

/** Which of the recipients the identities at hand open files of, and where each identity came from. */
export async function openedBy(
  recipients: readonly string[],
  identities: readonly IdentitySource[],
): Promise<readonly { readonly recipient: string; readonly identity: Confidential<string>; readonly from: string }[]> {
  const known = await Promise.all(identities.map(async (source) => ({ ...source, recipient: await recipientOf(source.identity) })))
  return known.filter(({ recipient }) => recipients.includes(recipient))
}

/**
 * Whether a recipient of a rule is the one that a sealed file names. A key of Azure's may be named without its version: SOPS then writes the
 * newest. A key of AWS's has its role behind a `+`.
 */
export function isSameRecipient(want: string, has: string): boolean {
  return (
    want === has || (want.startsWith('azure_kv:') && has.startsWith(`${want}/`)) || (want.startsWith('kms:') && want.startsWith(`${has}+`))
  )
}

/** Whether a file is sealed for those of a rule, and for nobody else. Somebody in several key groups is one. */
export function sameRecipients(wanted: readonly string[], found: readonly string[]): boolean {
  return (
    wanted.every((want) => found.some((has) => isSameRecipient(want, has))) &&
    found.every((has) => wanted.some((want) => isSameRecipient(want, has)))
  )
}

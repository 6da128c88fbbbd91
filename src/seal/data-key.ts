import { randomBytes } from 'node:crypto'
import { armor, Decrypter, Encrypter } from 'age-encryption'
import type { Confidential } from '../base/index.ts'

/** The length of the one key that all values of a file are encrypted with. */
const dataKeyLength = 32

/** A data key sealed for one recipient: an armored age file. */
export interface WrappedKey {
  readonly recipient: string
  readonly enc: string
}

export function newDataKey(): Buffer {
  return randomBytes(dataKeyLength)
}

/** Seals the data key for each recipient on its own, as SOPS does: every one of them alone can open the file. */
export function wrapDataKey(dataKey: Uint8Array, recipients: readonly string[]): Promise<readonly WrappedKey[]> {
  return Promise.all(
    recipients.map(async (recipient) => {
      const encrypter = new Encrypter()
      encrypter.addRecipient(recipient)
      return { recipient, enc: `${armor.encode(await bytesOf(await encrypter.encrypt(streamOf(dataKey)))).trimEnd()}\n` }
    }),
  )
}

/** @returns `null` if the identity does not open it, or what it holds is no data key. */
export async function unwrapDataKey({ enc }: WrappedKey, identity: Confidential<string>): Promise<Uint8Array | null> {
  try {
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity.reveal())
    const dataKey = await bytesOf(await decrypter.decrypt(streamOf(armor.decode(enc))))
    return dataKey.length === dataKeyLength ? dataKey : null
  } catch {
    return null
  }
}

// The package takes bytes as well, and then makes a `Response` of them: that alone makes Node load all of fetch, a twentieth of a second.
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

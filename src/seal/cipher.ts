import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { boolScalar, floatScalar, intScalar } from './scalar.ts'
import type { Scalar } from './scalar.ts'
import type { TreePath } from './document.ts'

// The format is that of sops' aes/cipher.go: AES-256-GCM with a nonce of 32 bytes (GCM's usual 12 would not be read) and the tag apart.
const nonceLength = 32
const tagLength = 16
const envelope = new RegExp(
  '^ENC\\[AES256_GCM,data:([A-Za-z0-9+/]+={0,2}),iv:([A-Za-z0-9+/]{43}=),tag:([A-Za-z0-9+/]{22}==),type:(str|int|float|bool|time|bytes|comment)\\]$',
)

/** Whether a text is a whole encrypted value. Stricter than `sops`, whose own expression is open at the end and takes any length. */
export function isEncryptedValue(text: string): boolean {
  return text.startsWith('ENC[') && envelope.test(text)
}

/** The data that binds a value to its place: the keys of its path, each with a colon. */
export function placeOf(path: TreePath): string {
  return `${path.join(':')}:`
}

/** Encrypts a leaf. The empty text stays empty: that is SOPS's format. */
export function encryptValue(scalar: Scalar, key: Uint8Array, place: string): string {
  if (scalar.text === '') return ''
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
  cipher.setAAD(Buffer.from(place, 'utf8'))
  const data = Buffer.concat([cipher.update(scalar.text, 'utf8'), cipher.final()])
  const parts = [data, nonce, cipher.getAuthTag()].map((part) => part.toString('base64'))
  return `ENC[AES256_GCM,data:${parts[0]},iv:${parts[1]},tag:${parts[2]},type:${scalar.type}]`
}

/** A value that was moved, altered, or sealed with another key. Carries no part of it. */
export class CipherError extends Error {
  override readonly name = 'CipherError'
}

/**
 * Opens an encrypted leaf.
 * @returns `undefined` for a comment: SOPS writes the comments of a list as encrypted items of it.
 * @throws CipherError if it is no encrypted value, or its tag does not fit its bytes, its place, or the key.
 */
export function decryptValue(text: string, key: Uint8Array, place: string): Scalar | undefined {
  if (text === '') return { type: 'str', text: '' }
  const [, data = '', nonce = '', tag = '', type = ''] = envelope.exec(text) ?? []
  if (type === '') throw new CipherError('not an encrypted value')
  return typed(type, open(Buffer.from(data, 'base64'), Buffer.from(nonce, 'base64'), Buffer.from(tag, 'base64'), key, place))
}

function open(data: Buffer, nonce: Buffer, tag: Buffer, key: Uint8Array, place: string): string {
  if (tag.length !== tagLength) throw new CipherError('the tag has another length than SOPS writes')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
    decipher.setAAD(Buffer.from(place, 'utf8'))
    decipher.setAuthTag(tag)
    const plain = Buffer.concat([decipher.update(data), decipher.final()])
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)
  } catch {
    throw new CipherError('the value was altered or moved')
  }
}

// The type is not bound by the tag: whoever can edit the file can change it. So each text must be what its type allows.
function typed(type: string, text: string): Scalar | undefined {
  switch (type) {
    case 'comment':
      return undefined
    case 'str':
    case 'bytes':
      return { type: 'str', text }
    case 'time':
      return { type: 'time', text }
    case 'int': {
      const integer = /^[-+]?\d{1,20}$/.test(text) ? intScalar(BigInt(text.replace('+', ''))) : null
      if (integer !== null) return integer
      break
    }
    case 'float':
      if (/^-?\d+(\.\d+)?$/.test(text)) return floatScalar(Number(text))
      break
    case 'bool':
      if (/^(true|false)$/i.test(text)) return boolScalar(/^t/i.test(text))
      break
    default:
      break
  }
  throw new CipherError(`the value is not of the type that it claims (${type})`)
}

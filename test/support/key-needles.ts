import { createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** What gives a private key away, as bytes to look for. */
export type Needles = ReadonlyMap<string, Buffer>

/**
 * PEM's and age's words for private keys, also inside base64, and the secret lines of given keys, plain and inside base64.
 * @param pems private keys that nobody may see.
 */
export function keyNeedles(pems: readonly string[]): Needles {
  const needles = new Map<string, Buffer>()
  const add = (name: string, text: string): void => {
    needles.set(name, Buffer.from(text))
    for (const [index, encoded] of insideBase64(text).entries()) needles.set(`${name}, in base64 (${index})`, Buffer.from(encoded))
  }
  add('a PEM private key', 'PRIVATE KEY-----')
  add('an age identity', 'AGE-SECRET-KEY-')
  for (const [index, pem] of pems.entries()) {
    // The last line of an EC key is its public half, which certificates show.
    const lines = pem.split('\n').filter((line) => /^[A-Za-z0-9+/]{64}$/.test(line))
    for (const [number, line] of lines.slice(0, 2).entries()) add(`line ${number + 1} of key ${index + 1}`, line)
  }
  return needles
}

export function keysIn(haystack: Buffer, needles: Needles): readonly string[] {
  return [...needles].flatMap(([name, needle]) => (haystack.includes(needle) ? [name] : []))
}

/** How a text looks inside base64, wherever it begins: the characters that depend on it alone. */
function insideBase64(of: string | Buffer): readonly string[] {
  const bytes = Buffer.from(of)
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const whole = Math.floor((before + bytes.length) / 3) * 4
    return encoded.slice(before === 0 ? 0 : 4, whole)
  })
}

/**
 * The secret numbers of private keys in every form that they may come out in: raw, as in DER; in base64 of both alphabets, once and twice, wherever
 * it begins; in hexadecimal, also with colons; as a list of decimal bytes, as JSON writes a Buffer; and as lines of PEM, which is also how JSON
 * escapes it. Of each number the beginning and the end: a part of a key is a leak as well.
 */
export function secretNeedles(pems: readonly string[]): Needles {
  const needles = new Map<string, Buffer>(keyNeedles([]))
  for (const [index, pem] of pems.entries()) {
    const key = createPrivateKey(pem)
    const jwk = key.export({ format: 'jwk' })
    for (const name of ['d', 'p', 'q'] as const) {
      const number = Buffer.from(jwk[name] ?? '', 'base64url')
      const parts = number.length === 0 ? [] : [['begin', number.subarray(0, 16)] as const, ['end', number.subarray(-16)] as const]
      for (const [part, bytes] of parts)
        for (const [form, needle] of formsOf(bytes)) needles.set(`key ${index + 1}, ${part} of ${name}, ${form}`, needle)
    }
    for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const)
      for (const [line, text] of privateLines(key, type)) needles.set(`key ${index + 1}, line ${line} of ${type}`, Buffer.from(text))
  }
  return needles
}

function formsOf(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const hex = bytes.toString('hex')
  const forms: [string, Buffer][] = [
    ['raw', bytes],
    ['hexadecimal', Buffer.from(hex)],
    ['hexadecimal, upper case', Buffer.from(hex.toUpperCase())],
    ['hexadecimal with colons', Buffer.from(hex.replaceAll(/(..)(?=.)/g, '$1:'))],
    ['decimal bytes', Buffer.from([...bytes].join())],
  ]
  for (const [index, once] of insideBase64(bytes).entries()) {
    const url = once.replaceAll('+', '-').replaceAll('/', '_')
    forms.push([`base64 (${index})`, Buffer.from(once)], [`base64url (${index})`, Buffer.from(url)])
    for (const [again, twice] of insideBase64(once).entries()) forms.push([`base64 of base64 (${index}, ${again})`, Buffer.from(twice)])
  }
  return new Map(forms)
}

/** The lines of a key's PEM that hold 12 bytes of its secret number or more. */
function privateLines(key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1'): readonly (readonly [number, string])[] {
  if (type !== 'pkcs8' && (type === 'sec1') !== (key.asymmetricKeyType === 'ec')) return []
  const [der, text] = [key.export({ format: 'der', type }), key.export({ format: 'pem', type }).toString()]
  const number = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
  const at = der.indexOf(number)
  return text
    .split('\n')
    .slice(1, -2)
    .flatMap((line, index) => {
      const shared = Math.min((index + 1) * 48, at + number.length) - Math.max(index * 48, at)
      return shared >= 12 ? [[index + 1, line] as const] : []
    })
}

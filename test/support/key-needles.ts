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
function insideBase64(text: string): readonly string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
      .toString('base64')
      .replace(/=+$/, '')
    const whole = Math.floor((before + Buffer.byteLength(text)) / 3) * 4
    return encoded.slice(before === 0 ? 0 : 4, whole)
  })
}

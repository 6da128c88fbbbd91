import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect } from 'vitest'
import { filesBelow } from './forge.ts'

type Tree = ReadonlyMap<string, string>

/** Updating needs an explicit flag. What was meant to change can then be read in the diff. */
const updating = process.env['UPDATE_GOLDEN'] === '1'

/**
 * Compares folders of files with golden ones, but for what is new in each run: certificates, what is derived from them, recipients and dates. A golden
 * file that is missing, or is not made any more, fails.
 */
export function expectGolden(folder: string, phases: Readonly<Record<string, Tree>>): void {
  const golden = Object.fromEntries(Object.keys(phases).map((phase) => [phase, readTree(join(folder, phase))]))
  const [found, expected] = [scrubbed(phases), scrubbed(golden)]
  // All or nothing: the certificates of one run belong together.
  if (updating && JSON.stringify(found) !== JSON.stringify(expected)) {
    for (const [phase, tree] of Object.entries(phases)) writeTree(join(folder, phase), tree)
    return
  }
  for (const phase of Object.keys(phases)) {
    const hint = `${folder}/${phase} (UPDATE_GOLDEN=1 writes it)`
    expect(Object.keys(found[phase] ?? {}), hint).toEqual(Object.keys(expected[phase] ?? {}))
    for (const [path, text] of Object.entries(found[phase] ?? {})) expect(text, `${path} in ${hint}`).toBe(expected[phase]?.[path])
  }
}

/** A sealed file with its payloads and age blocks replaced: no sealed key is committed, and the rest is as it was. */
export function withoutPayloads(text: string): string {
  return text
    .replaceAll(
      /ENC\[AES256_GCM,data:[^,\]]*,iv:[^,\]]*,tag:[^,\]]*,type:(\w+)\]/g,
      'ENC[AES256_GCM,data:c2VhbGVk,iv:c2VhbGVk,tag:c2VhbGVk,type:$1]',
    )
    .replaceAll(/(-----BEGIN AGE ENCRYPTED FILE-----\n)(\s*)[\s\S]*?(\n\s*-----END AGE ENCRYPTED FILE-----)/g, '$1$2c2VhbGVk$3')
}

type Scrubbed = Record<string, Record<string, string>>

/** The texts with what is new in each run replaced; equal values stay equal. */
export function scrubbed(phases: Readonly<Record<string, Tree>>): Scrubbed {
  const token = numbered()
  return Object.fromEntries(
    Object.entries(phases).map(([phase, tree]) => [
      phase,
      Object.fromEntries([...tree].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([path, text]) => [path, scrub(text, token)])),
    ]),
  )
}

type Token = (kind: string, value: string) => string

/** Names each value by its first appearance, so that equal values stay equal, and different ones different. */
function numbered(): Token {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  return (kind, value) => {
    const known = names.get(`${kind} ${value}`)
    if (known !== undefined) return known
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    names.set(`${kind} ${value}`, `<${kind} ${count}>`)
    return `<${kind} ${count}>`
  }
}

function scrub(text: string, token: Token): string {
  return (
    text
      .replaceAll(/-----BEGIN CERTIFICATE-----(?:\\n|[\sA-Za-z0-9+/=])+-----END CERTIFICATE-----/g, (pem) =>
        token('certificate', pem.replaceAll(/\\n|\s/g, '')),
      )
      // A value that begins with a digit is written with quotes.
      .replaceAll(/"?\b([0-9a-f]{64})\b"?/g, (_, value: string) => token('sha256', value))
      .replaceAll(/\bage1[02-9ac-hj-np-z]{58}\b/g, (value) => token('recipient', value))
      .replaceAll(/(\bmesh-ca-[a-z0-9.-]+-)([0-9a-f]{8})\b/g, (_, name: string, value: string) => `${name}${token('hash', value)}`)
      // Not numbered: two dates of one run may or may not fall into the same second.
      .replaceAll(/"?\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b"?/g, '<date>')
  )
}

export function readTree(folder: string): Tree {
  return new Map(filesBelow(folder).map((path) => [relative(folder, path), readFileSync(path, 'utf8')]))
}

function writeTree(folder: string, tree: Tree): void {
  rmSync(folder, { recursive: true, force: true })
  for (const [path, text] of tree) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

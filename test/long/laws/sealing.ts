import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fc from 'fast-check'
import { unseal } from '../../../src/seal/index.ts'
import type { PlainDocument } from '../../../src/seal/index.ts'
import { anyDocument, bytesOf, person } from '../../seal/support.ts'
import { casesOf, seedOf } from '../../support/cases.ts'

// The law: to seal and then to unseal gives the same document, whoever does which. It is tested in two files, side by side.

export const count = casesOf('seal')
export const ann = await person()
export const file = 'cacerts.sops.yaml'
export const regex = '^(data|stringData)$'
export const environment = {
  ...process.env,
  SOPS_AGE_KEY: ann.source.identity.reveal(),
  SOPS_AGE_KEY_FILE: undefined,
  XDG_CONFIG_HOME: '/nowhere',
}

const seed = seedOf(1)

export const sample = (size: number): readonly PlainDocument[] => fc.sample(anyDocument, { numRuns: size, seed })

export const story = (document: unknown): string => `of seed ${seed}: ${JSON.stringify(document)}`

export const open = async (text: string): Promise<unknown> => (await unseal(bytesOf(text), file, [ann.source])).reveal()

/** Many documents through a few processes of sops, side by side. @returns for each what came out; `null`: sops refused it. */
export async function throughSops(mode: readonly string[], texts: readonly string[]): Promise<readonly (string | null)[]> {
  const processes = 4
  const results: (string | null)[] = []
  await Promise.all(
    Array.from({ length: processes }, async (_, worker) => {
      const own = texts.map((text, index) => ({ text, index })).filter(({ index }) => index % processes === worker)
      const child = spawn('sops-bulk', ['bulk', ...mode], { env: { ...environment, GOMAXPROCS: '1' }, stdio: ['pipe', 'pipe', 'ignore'] })
      const chunks: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
      const ended = once(child, 'close')
      child.stdin.end(own.map(({ text }) => `${Buffer.from(text).toString('base64')}\n`).join(''))
      const [exitCode] = (await ended) as [number | null]
      const lines = Buffer.concat(chunks).toString().split('\n').slice(0, -1)
      if (exitCode !== 0 || lines.length !== own.length)
        throw new Error(`sops-bulk ended with ${exitCode} after ${lines.length} of ${own.length} documents`)
      for (const [position, { index }] of own.entries()) {
        const line = lines[position] ?? ''
        results[index] = line.startsWith('error: ') ? null : Buffer.from(line, 'base64').toString('utf8')
      }
    }),
  )
  return results
}

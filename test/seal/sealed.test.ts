import { expect, test } from 'vitest'
import { readSealed } from '../../src/seal/index.ts'
import { bytesOf } from './support.ts'

const read = (text: string): unknown => readSealed(bytesOf(text), 'a.yaml')

test.each([['\n'], ['\r'], ['\r\n'], ['\u2028'], [' '], [' \n']])(
  'a file of %j and nothing else is not sealed',
  { timeout: 20_000 },
  (part) => {
    expect(read(part.repeat(120_000))).toBeNull()
    expect(read(`${part.repeat(120_000)}sops: {a}\nb: [`)).toBeNull()
  },
)

test.each([['sops: {}\n'], ['  \t"sops" : {}\n'], ['a: 1\r\nsops:\r\n  {}\n'], ['{\n\n\n  "sops":\n {}}\n'], ['a: 1\r\u00a0sops: {}\n']])(
  'the block is seen in %j',
  (text) => {
    // What is behind a carriage return of its own is not YAML: then the MAC alone makes the file ours.
    const own = text.replace('{}', '{"age": [],\n"mac": "ENC[x"}')
    expect(() => read(own)).toThrow('is a malformed SOPS document')
  },
)

import { describe, expect, test } from 'vitest'
import { readSealed } from '../../src/seal/index.ts'
import { parseSealed } from '../../src/seal/sealed.ts'
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

describe('a text that was read before', () => {
  const sealed = (value: string): string => `a: ${value}
sops:
  age:
  - recipient: age1x
    enc: e
  lastmodified: "2026-03-01T09:30:15Z"
  mac: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]
  version: 3.10.0
`

  test('is told with the name of the file that is read', () => {
    const names = ['a.yaml', 'b.yaml', 'a.yaml'].map((file) => parseSealed(bytesOf(sealed('x')), file)?.file)

    expect(names).toEqual(['a.yaml', 'b.yaml', 'a.yaml'])
  })

  test('is the right one of more than are kept', () => {
    const numbers = Array.from({ length: 300 }, (_, index) => index)

    for (const index of [...numbers, ...numbers.toReversed()]) {
      const read = parseSealed(bytesOf(sealed(`v${index}`)), `${index}.yaml`)
      expect([read?.file, read?.text]).toEqual([`${index}.yaml`, sealed(`v${index}`)])
      expect(JSON.stringify([...(read?.tree ?? [])])).toContain(`"v${index}"`)
    }
  })
})

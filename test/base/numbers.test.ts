import { expect, test } from 'vitest'
import { parseText, parseYamlFile } from '../../src/base/yaml.ts'

// What sigs.k8s.io/yaml 1.6.0 makes of them (run).
const numbers: Readonly<Record<string, number>> = {
  ...{ '0o17': 15, '0O17': 15, '-0o17': -15, '+0o17': 15, '0o1_7': 15, '0o_17': 15, '017': 15, '-017': -15, '0_7': 7, '00': 0 },
  ...{ '0x1F': 31, '0X1F': 31, '-0X1F': -31, '+0x1F': 31, '0x_1F': 31, '0x1_F': 31, '0x1_': 1 },
  ...{ '0b1': 1, '0B1': 1, '-0b1_0': -2, '+0B1': 1, '0b_1': 1, '0b1_': 1 },
  ...{ '08': 8, '09': 9, '-08': -8, '08.5': 8.5, '1_000': 1000, '1__0': 10, '1_': 1, '0_': 0, '1_0.5': 10.5, '1_0e1': 100 },
}
const texts = ['0o8', '0o', '0O', '0b12', '0b', '0B', '0xg', '0x', '0X', '_1', '0x1p3', '0o1.5', 'o17']

test.each(Object.entries(numbers))('%s is the number %d, as in Go', (text, value) => {
  for (const source of [`a: ${text}\n`, `a: &x ${text}\n`])
    expect(parseYamlFile(new TextEncoder().encode(source), 'f.yaml').documents[0]?.value).toEqual({ a: value })
  expect(parseText(`a: ${text}\n`, 'f.yaml').documents[0]?.value).toEqual({ a: value })
})

test.each(texts)('%s is text, as in Go', (text) => {
  expect(parseYamlFile(new TextEncoder().encode(`a: ${text}\n`), 'f.yaml').documents[0]?.value).toEqual({ a: text })
  expect(parseText(`a: ${text}\n`, 'f.yaml').documents[0]?.value).toEqual({ a: text })
})

import { describe, expect, test } from 'vitest'
import { embeddedEngine } from '../../../src/seal/index.ts'
import { at, ruleFor } from '../../seal/support.ts'
import { onPath } from '../../support/tools.ts'
import { ann, count, file, open, sample, story, throughSops } from './sealing.ts'

const embedded = embeddedEngine()
const documents = sample(count)
const sealed: string[] = []

test(`sealed here and opened here: ${count} documents come back as they were`, async () => {
  for (const [index, document] of documents.entries()) {
    const text = await embedded.seal({ document, rule: ruleFor([ann.recipient], { macOnlyEncrypted: index % 2 === 0 }), path: file, at })
    sealed.push(String(text))
    expect(await open(String(text)), story(document)).toEqual(document)
  }
})

describe.skipIf(!onPath('sops-bulk'))('with sops, many documents a process', () => {
  test(`sealed here and opened by sops: ${count} documents, no difference`, async () => {
    const opened = await throughSops(['decrypt'], sealed)

    expect(opened.length).toBe(count)
    for (const [index, text] of opened.entries())
      expect(text === null ? 'refused by sops' : JSON.parse(text), story(documents[index])).toEqual(documents[index])
  })
})

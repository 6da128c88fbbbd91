import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sopsProgram } from '../../../src/adapters/sops.ts'
import { creationRule, parseSopsConfig, sopsEngine } from '../../../src/seal/index.ts'
import { writeForGo } from '../../../src/seal/go-write.ts'
import { at, bytesOf } from '../../seal/support.ts'
import { casesOf } from '../../support/cases.ts'
import { onPath } from '../../support/tools.ts'
import { ann, count, environment, file, open, regex, sample, story, throughSops } from './sealing.ts'

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'reroot-seal-'))))
afterAll(() => rmSync(folder, { recursive: true }))

describe.skipIf(!onPath('sops-bulk'))('with sops, many documents a process', () => {
  test(`sealed by sops and opened here: ${count} documents, no difference`, async () => {
    // A part of them sops writes so that it cannot read them itself (src/seal/guard-clear.ts): there is nothing to compare.
    const documents = sample(Math.ceil(count * 1.15))
    const sealed = await throughSops(
      ['encrypt', ann.recipient, regex],
      documents.map((document) => writeForGo(document)),
    )
    const opened = await throughSops(
      ['decrypt'],
      sealed.map((text) => text ?? ''),
    )

    let compared = 0
    for (const [index, text] of sealed.entries()) {
      if (text === null || (opened[index] ?? null) === null || compared === count) continue
      expect(await open(text), story(documents[index])).toEqual(documents[index])
      compared += 1
    }
    expect(compared).toBe(count)
  })
})

describe.skipIf(!onPath('sops'))('with the sops engine', () => {
  test(`sealed by the engine that runs sops: ${casesOf('sopsProgram')} documents open here and there as they were`, async () => {
    const rules = `creation_rules:\n  - encrypted_regex: ${regex}\n    age: ${ann.recipient}\n`
    writeFileSync(join(folder, '.sops.yaml'), rules)
    const { config } = parseSopsConfig(bytesOf(rules), '.sops.yaml')
    const rule = config === null ? null : creationRule([config], file)
    if (rule === null) throw new TypeError('no rule')
    const program = sopsProgram(environment)
    const engine = sopsEngine(program, () => Promise.resolve(folder))

    let refused = 0
    for (const document of sample(casesOf('sopsProgram'))) {
      let text: string
      try {
        text = String(await engine.seal({ document, rule, path: file, at }))
      } catch (error) {
        expect(error, story(document)).toMatchObject({ code: 'SEAL_REFUSED' })
        refused += 1
        continue
      }
      expect(await open(text), story(document)).toEqual(document)
      const { exitCode, stdout, stderr } = await program.run(
        ['decrypt', '--filename-override', file, '--input-type', 'yaml', '--output-type', 'json'],
        { input: text, directory: folder, withIdentities: true },
      )
      expect(exitCode, `${stderr} ${story(document)}`).toBe(0)
      expect(JSON.parse(stdout), story(document)).toEqual(document)
    }
    expect(refused).toBeLessThan(casesOf('sopsProgram') / 10)
  })
})

import { describe, expect, test } from 'vitest'
import type { ProcessResult, SopsProgram } from '../../src/ports.ts'
import { chooseEngine, embeddedEngine, sopsEngine, unseal } from '../../src/seal/index.ts'
import { at, bytesOf, person, ruleFor, secret } from './support.ts'

const ann = await person()
const rule = ruleFor([ann.recipient])

interface Call {
  readonly args: readonly string[]
  readonly options: Parameters<SopsProgram['run']>[1]
}

/** A program that records how it is started and answers with what it is told to. */
function program(answer: Partial<ProcessResult>, version: string | null = '3.13.3'): SopsProgram & { readonly calls: readonly Call[] } {
  const calls: Call[] = []
  return {
    calls,
    version: () => Promise.resolve(version),
    run(args, options) {
      calls.push({ args, options })
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...answer })
    },
  }
}

const seal = (its: SopsProgram, itsRule = rule) =>
  sopsEngine(its, () => Promise.resolve('/repository')).seal({ document: secret, rule: itsRule, path: 'clusters/eu/a.yaml', at })

describe('the choice of an engine', () => {
  const embedded = embeddedEngine()
  const sops = sopsEngine(program({}), () => Promise.resolve('/'))
  const kms = ruleFor([ann.recipient], { needsSops: ['kms'] })

  test('refuses what cannot be done, and says why', () => {
    expect(() => chooseEngine(kms, { embedded, sops }, 'embedded')).toThrow(
      expect.objectContaining({ code: 'SEAL_REFUSED', message: expect.stringContaining('kms') as string }) as Error,
    )
    expect(() => chooseEngine(kms, { embedded, sops: null })).toThrow(
      expect.objectContaining({ code: 'SOPS_FAILED', message: expect.stringContaining('kms') as string }) as Error,
    )
    expect(() => chooseEngine(rule, { embedded, sops: null }, 'sops')).toThrow(expect.objectContaining({ code: 'SOPS_FAILED' }) as Error)
  })

  test('is the embedded one where it can, the program where it must', () => {
    expect(chooseEngine(rule, { embedded, sops }).name).toBe('embedded')
    expect(chooseEngine(rule, { embedded, sops }, 'sops').name).toBe('sops')
    expect(chooseEngine(kms, { embedded, sops }).name).toBe('sops')
  })
})

describe('the sops engine', () => {
  test.each([
    ['no program', null],
    ['3.9, which has no stdin', '3.9.4'],
    ['2', '2.99.0'],
  ])('%s is refused before it is given anything', async (_name, version) => {
    const its = program({}, version)

    await expect(seal(its)).rejects.toMatchObject({ code: 'SOPS_FAILED' })

    expect(its.calls).toEqual([])
  })

  test('what was not encrypted is refused, though the program succeeded', async () => {
    await expect(seal(program({ stdout: 'kind: Secret\nstringData: { a: x }\n' }))).rejects.toMatchObject({ code: 'SEAL_REFUSED' })
  })

  test('an error of the program is relayed only if it says nothing of the document', async () => {
    const leaking = program({ exitCode: 1, stderr: 'error near "a very secret line of the key"' })
    const other = program({ exitCode: 2, stderr: 'Error unmarshalling file: anything' })
    const harmless = program({ exitCode: 1, stderr: '\u001b[31merror loading config: no matching creation rules found\u001b[0m\n' })

    await expect(seal(leaking)).rejects.toMatchObject({
      code: 'SOPS_FAILED',
      message: expect.not.stringContaining('secret line') as string,
    })
    await expect(seal(other)).rejects.toMatchObject({ message: expect.not.stringContaining('anything') as string })
    await expect(seal(harmless)).rejects.toMatchObject({
      message: expect.stringMatching(/: error loading config: no matching creation rules found$/) as string,
    })
  })

  test('plaintext goes by stdin only, without identities, from the folder of .sops.yaml', async () => {
    const its = program({ exitCode: 1 })

    await expect(seal(its, { ...rule, place: { file: 'clusters/.sops.yaml', line: 1 } })).rejects.toMatchObject({ code: 'SOPS_FAILED' })

    expect(its.calls).toMatchObject([
      {
        args: ['encrypt', '--filename-override', 'eu/a.yaml', '--input-type', 'yaml', '--output-type', 'yaml'],
        options: { directory: '/repository/clusters', withIdentities: false },
      },
    ])
    expect(JSON.stringify(its.calls[0]?.args)).not.toContain('secret line')
    expect(its.calls[0]?.options.input).toContain('a very secret line of the key')
  })
})

const sealed = bytesOf(await embeddedEngine().seal({ document: secret, rule, path: 'a.yaml', at }))

describe('unsealing with the program', () => {
  const open = (its: SopsProgram) => unseal(sealed, 'a.yaml', [], its)

  test.each([
    ['a MAC that does not fit', { exitCode: 51, stderr: 'MAC mismatch' }, 'SEAL_REFUSED'],
    ['an altered tree', { exitCode: 25, stderr: 'Input string CLEARTEXT does not match' }, 'SEAL_REFUSED'],
    ['no key', { exitCode: 128, stderr: 'Failed to get the data key' }, 'NO_IDENTITY'],
    ['anything else', { exitCode: 7, stderr: 'CLEARTEXT' }, 'SOPS_FAILED'],
    ['something that is no JSON', { exitCode: 0, stdout: 'CLEARTEXT' }, 'SOPS_FAILED'],
  ])('%s', async (_name, answer, code) => {
    const error: unknown = await open(program(answer)).catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ code })
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('CLEARTEXT')
  })

  test('no program', async () => {
    await expect(open(program({}, null))).rejects.toMatchObject({ code: 'NO_IDENTITY' })
  })

  test('is given identities, and its answer is kept as a secret', async () => {
    const its = program({ stdout: JSON.stringify(secret) })

    const opened = await open(its)

    expect(its.calls).toMatchObject([{ options: { withIdentities: true } }])
    expect(String(opened)).toBe('[secret]')
    expect(opened.reveal()).toEqual(secret)
  })
})

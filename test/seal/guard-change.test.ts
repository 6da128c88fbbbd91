import { generateKeyPairSync } from 'node:crypto'
import { generateHybridIdentity, generateX25519Identity } from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { embeddedEngine, guardChange } from '../../src/seal/index.ts'
import { at, bytesOf, person, privateWord, ruleFor, secret } from './support.ts'

const base64 = (data: string | Buffer): string => Buffer.from(data).toString('base64')
const idsOf = (content: string | Uint8Array, path = 'a.yaml'): readonly string[] =>
  guardChange(new Map([[path, typeof content === 'string' ? bytesOf(content) : content]])).map(({ id }) => id)

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const sec1 = privateKey.export({ type: 'sec1', format: 'pem' }) as string
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const identity = await generateX25519Identity()
const hybrid = await generateHybridIdentity()
const folded = (text: string): string => text.replaceAll(/.{60}/g, '$&\n  ')

describe('keys', () => {
  test.each([
    ['PKCS#8', pkcs8],
    ['SEC 1, in a comment', sec1.replaceAll(/^/gm, '# ')],
    ['PKCS#1', rsa.export({ type: 'pkcs1', format: 'pem' }) as string],
    ['OpenSSH', `-----BEGIN OPENSSH ${privateWord} KEY-----\n`],
    ['PGP', `-----BEGIN PGP ${privateWord} KEY BLOCK-----\n`],
    ['JSON', JSON.stringify({ key: pkcs8 })],
    ['base64, as in data:', base64(pkcs8)],
    ['base64 behind one more byte', base64(`\n${pkcs8}`)],
    ['base64 behind two more bytes', base64(`ab${pkcs8}`)],
    ['base64, folded', folded(base64(pkcs8))],
    ['base64, folded with escapes', JSON.stringify(folded(base64(pkcs8)))],
    ['base64 of base64', base64(base64(pkcs8))],
    ['base64url', Buffer.from(pkcs8).toString('base64url')],
    ['UTF-16', Buffer.from(pkcs8, 'utf16le')],
    ['DER', privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['DER of PKCS#8 in base64', base64(privateKey.export({ type: 'pkcs8', format: 'der' }))],
    ['DER of SEC 1 in base64', base64(privateKey.export({ type: 'sec1', format: 'der' }))],
    ['DER of PKCS#1 in base64, folded', folded(base64(rsa.export({ type: 'pkcs1', format: 'der' })))],
    ['DER of Ed25519 in base64', base64(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }))],
  ])('%s', (_name, content) => {
    expect(idsOf(content, 'notes.md')).toContain('guard/private-key')
  })

  test('behind escapes that only a YAML reader resolves', () => {
    expect(idsOf(`a: "-----BEGIN\\x20${privateWord}\\u0020KEY-----"\n`)).toEqual(['guard/private-key'])
  })

  test.each([
    ['an identity', identity],
    ['a post-quantum identity', `# ${hybrid}\n`],
    ['an identity in base64', base64(`# created\n${identity}\n`)],
    ['a post-quantum identity in base64', base64(`x${hybrid}`)],
  ])('%s', (_name, content) => {
    expect(idsOf(content, 'keys.txt')).toEqual(['guard/age-identity'])
  })

  test('the line is named, the key is not', () => {
    const findings = guardChange(new Map([['a.txt', bytesOf(`one\ntwo\n${pkcs8}`)]]))

    expect(findings).toMatchObject([{ id: 'guard/private-key', severity: 'error', place: { file: 'a.txt', line: 3 } }])
    expect(JSON.stringify(findings)).not.toContain(pkcs8.split('\n')[1])
  })
})

describe('Secrets', () => {
  const object = `apiVersion: v1\nkind: Secret\nmetadata: { name: x }\n`
  test.each([
    ['a value in data', `${object}data: { a: eA== }\n`, 'guard/clear-secret'],
    ['a value in stringData', `${object}stringData: { a: x }\n`, 'guard/clear-secret'],
    ['a number', `${object}stringData: { a: 7 }\n`, 'guard/clear-secret'],
    ['the second document', `a: b\n---\n${object}stringData: { a: x }\n`, 'guard/clear-secret'],
    ['an item of a List', `kind: List\nitems:\n  - kind: Secret\n    data: { a: eA== }\n`, 'guard/clear-secret'],
    [
      'an inline patch',
      `kind: Kustomization\npatches:\n  - patch: |\n      kind: Secret\n      stringData: { a: x }\n`,
      'guard/clear-secret',
    ],
    ['JSON', JSON.stringify({ kind: 'Secret', stringData: { a: 'x' } }), 'guard/clear-secret'],
    [
      'sops that encrypted nothing (getsops/sops#1886)',
      `${object}stringData: { a: x }\nsops: { mac: "ENC[AES256_GCM,data:YQ==,iv:${'A'.repeat(43)}=,tag:${'A'.repeat(22)}==,type:str]", age: [{}] }\n`,
      'guard/clear-secret',
    ],
    ['something behind the envelope', `${object}stringData: { a: "ENC[AES256_GCM,data:YQ==] x" }\n`, 'guard/clear-secret'],
    [
      'encrypted values that nothing opens',
      `${object}stringData: { a: "ENC[AES256_GCM,data:YQ==,iv:${'A'.repeat(43)}=,tag:${'A'.repeat(22)}==,type:str]" }\n`,
      'sops/document',
    ],
    ['a file that cannot be read', `${object}stringData: { a: x\n`, 'guard/unreadable'],
  ])('%s', (_name, content, id) => {
    expect(idsOf(content)).toContain(id)
  })

  test('the value is not quoted', () => {
    expect(JSON.stringify(guardChange(new Map([['a.yaml', bytesOf(`${object}stringData: { a: CLEARTEXT }\n`)]])))).not.toContain(
      'CLEARTEXT',
    )
  })
})

describe('what passes', () => {
  test.each([
    ['a Secret without values', `kind: Secret\ndata: {}\nstringData: { a: "" }\n`],
    ['a certificate', `-----BEGIN CERTIFICATE-----\n${base64(Buffer.alloc(200, 7))}\n-----END CERTIFICATE-----\n`],
    ['a public key', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'pkcs1', format: 'pem' }) as string],
    ['a public key in DER', base64(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }))],
    ['words about keys', 'An age identity starts with AGE-SECRET-KEY-1; a PRIVATE KEY is never committed.\n'],
    ['a workload', `kind: Deployment\nspec: { template: { spec: { volumes: [{ secret: { secretName: x } }] } } }\n`],
  ])('%s', (_name, content) => {
    expect(idsOf(content, content.startsWith('kind') ? 'a.yaml' : 'a.md')).toEqual([])
  })

  test('a sealed Secret, with any bytes in it', async () => {
    const { recipient } = await person()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (bytes) => {
        const document = { ...secret, data: { a: Buffer.from(bytes).toString('base64') } }
        const text = await embeddedEngine().seal({ document, rule: ruleFor([recipient]), path: 'a.yaml', at })

        expect(idsOf(text)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})

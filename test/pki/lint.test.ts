import { describe, expect, test } from 'vitest'
import { RerootError } from '../../src/base/index.ts'
import { intermediateTemplate, leafTemplate, lint, rootTemplate } from '../../src/pki/index.ts'
import type { Template } from '../../src/pki/index.ts'
import { at, days, ecKey, makeCa, rsaKey } from './made-ca.ts'
import type { Wishes } from './made-ca.ts'

const root = (change: Partial<Parameters<typeof rootTemplate>[0]> = {}): Template =>
  rootTemplate({ mesh: 'shop', generation: 'g2', at, days: 3650, backdateMinutes: 60, ...change })
const intermediate = (issuer: Wishes, change: Partial<Parameters<typeof intermediateTemplate>[0]> = {}): Template =>
  intermediateTemplate({
    mesh: 'shop',
    generation: 'g2',
    cluster: 'prod-eu',
    dnsNames: ['istiod.istio-system.svc'],
    at,
    days: 365,
    backdateMinutes: 60,
    issuer: makeCa(issuer).certificate,
    ...change,
  })

function refusal(template: Template): RerootError {
  try {
    lint(template)
  } catch (error) {
    if (error instanceof RerootError) return error
    throw error
  }
  throw new Error('the template passed')
}

describe('refused', () => {
  test.each<[string, Template, string]>([
    ['a mesh whose name leaves no room', root({ mesh: 'm'.repeat(54) }), 'CN has 65 characters, 64 are allowed'],
    ['a mesh without a name', root({ mesh: '' }), 'O is blank'],
    ['a control character', root({ mesh: 'a\u0000b' }), 'characters that cannot be printed'],
    ['half a character', root({ mesh: 'a\ud800' }), 'characters that cannot be printed'],
    ['a certificate that ends before it begins', root({ days: -1 }), 'it would end'],
    ['the year 9999', root({ days: 3_000_000 }), 'its years cannot be written'],
    ['an issuer that has expired', intermediate({ notAfter: days(-1) }), 'it would end'],
    ['an issuer that is no CA', intermediate({ isCa: false }), 'is no CA'],
    ['an issuer of version 1', intermediate({ version: 1 }), 'is no CA'],
    ['an issuer that may not sign', intermediate({ keyUsage: ['cRLSign'] }), 'may not sign certificates'],
    ['an issuer with pathlen:0', intermediate({ pathLength: 0 }), 'allows no CA below itself'],
    ['an issuer with a short key', intermediate({ key: rsaKey(1024) }), 'an RSA key of 1024 bits is too short'],
    ['an issuer on P-521', intermediate({ key: ecKey('P-521') }), 'ecdsa-p521 keys are not verified'],
    [
      'an issuer with an unknown critical extension',
      intermediate({ unknownCritical: true }),
      'critical extensions that istiod refuses: 1.2.3.4.5',
    ],
    [
      'an issuer with the same name',
      intermediate({
        name: [
          { type: 'O', value: 'shop' },
          { type: 'CN', value: 'shop intermediate CA g2' },
          { type: 'L', value: 'prod-eu' },
        ],
      }),
      'it has the name of its issuer',
    ],
    [
      'an issuer whose constraints forbid the name',
      intermediate({ permitted: [['dns', 'example.com']] }),
      'DNS name "istiod.istio-system.svc" is not permitted by any constraint',
    ],
    ['no DNS name', intermediate({}, { dnsNames: [] }), 'it has no DNS name'],
    ['a DNS name twice', intermediate({}, { dnsNames: ['a.svc', 'a.svc'] }), 'a DNS name is given twice'],
    ['a DNS name in capitals', intermediate({}, { dnsNames: ['A.svc'] }), '"A.svc" is not a DNS name'],
    [
      'a workload without a SPIFFE URI',
      leafTemplate({ uri: 'http://x', at, hours: 24, issuer: makeCa().certificate }),
      'it has no SPIFFE URI',
    ],
  ])('%s', (_, template, message) => {
    const error = refusal(template)

    expect(error).toMatchObject({ code: 'CA_UNSUPPORTED', message: expect.stringContaining(message) })
    expect(error.hint).not.toBe('')
  })

  test('all problems at once', () => {
    const { message } = refusal(intermediate({ isCa: false, notAfter: days(-1), keyUsage: ['cRLSign'] }, { dnsNames: [] }))

    for (const part of ['it would end', 'is no CA', 'may not sign', 'no DNS name']) expect(message).toContain(part)
  })

  test('a date that is none is a bug, not a refusal', () => {
    expect(() => lint(root({ at: new Date(Number.NaN) }))).toThrow(TypeError)
  })
})

test('a template that passes is handed back unchanged', () => {
  const template = root()

  expect(lint(template)).toBe(template)
  expect(template.subject).toEqual([
    { type: 'O', value: 'shop' },
    { type: 'CN', value: 'shop root CA g2' },
  ])
})

test('an intermediate nests inside its root, whatever was asked for', () => {
  const issuer = makeCa({ notBefore: days(0), notAfter: days(10) }).certificate

  const template = intermediateTemplate({
    mesh: 'shop',
    generation: 'g2',
    cluster: 'prod-eu',
    dnsNames: ['a.svc'],
    at,
    days: 365,
    backdateMinutes: 60,
    issuer,
  })

  expect([template.notBefore, template.notAfter]).toEqual([days(0), days(10)])
  expect(lint(template)).toBe(template)
})

test('dates are whole seconds', () => {
  const template = root({ at: new Date(at.getTime() + 999) })

  expect(template.notBefore).toEqual(new Date(at.getTime() - 3_600_000))
  expect(template.notAfter).toEqual(days(3650))
})

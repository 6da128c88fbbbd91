import { describe, expect, test } from 'vitest'
import { Confidential, sha256 } from '../../src/base/index.ts'
import { cacertsKeys, chainText, ownMetadata, secretDocument } from '../../src/plan/index.ts'
import { intermediateOf, rootOf } from '../support/mesh.ts'

describe('the Secret in the clear', () => {
  const signer = intermediateOf('g2')
  const files = {
    caCert: signer.pem,
    caKey: new Confidential('KEY ü\n'),
    certChain: chainText(signer, rootOf('g2').certificate),
    rootCert: rootOf('g2').certificate.pem,
  }
  const document = secretDocument({
    namespace: 'istio-system',
    state: 'g2-steady',
    signer,
    files,
    metadata: { labels: { a: 'b' }, annotations: { keep: 'me', 'reroot.dev/state': 'old' }, type: 'Opaque' },
  })

  test('has the four keys as base64 of their bytes, no stringData, and is not immutable', () => {
    expect(Object.keys(document)).toEqual(['apiVersion', 'kind', 'metadata', 'type', 'data'])
    const data = document['data'] as Record<string, string>
    expect(Object.keys(data)).toEqual([...cacertsKeys])
    expect(Object.values(data).map((text) => Buffer.from(text, 'base64').toString())).toEqual([
      files.caCert,
      'KEY ü\n',
      files.certChain,
      files.rootCert,
    ])
  })

  test('keeps what another owner wrote, and says in the clear what is inside: hashes of public facts alone', () => {
    expect(document['metadata']).toEqual({
      name: 'cacerts',
      namespace: 'istio-system',
      labels: { a: 'b' },
      annotations: {
        keep: 'me',
        'reroot.dev/state': 'g2-steady',
        'reroot.dev/ca-cert-sha256': signer.fingerprint,
        'reroot.dev/root-cert-sha256': sha256(files.rootCert),
      },
    })
    expect(JSON.stringify(document['metadata'])).not.toContain(sha256('KEY ü\n'))
  })

  test('of reroot’s own is never pruned by Flux', () => {
    expect(ownMetadata.flux.annotations).toEqual({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' })
  })

  test('a chain begins with the intermediate and ends in a line break', () => {
    expect(files.certChain).toBe(`${signer.pem}${rootOf('g2').certificate.pem}`)
    expect(files.certChain.endsWith('-----END CERTIFICATE-----\n')).toBe(true)
  })
})

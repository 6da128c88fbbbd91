import type { KeyObject } from 'node:crypto'
import { RerootError } from '../base/index.ts'
import type { Confidential } from '../base/index.ts'
import type { CaFileName, CaFiles } from './ca-files.ts'
import { certificateFromDer } from './certificate.ts'
import type { Certificate } from './certificate.ts'
import { loadPrivateKey } from './key.ts'
import { findPaths } from './path.ts'
import type { PathResult } from './path.ts'
import { shapeOf, splitPem } from './pem.ts'
import type { PemBlock, PemBlocks, PemShape } from './pem.ts'
import type { Entropy } from './serial.ts'

/** A certificate and where it stands in its file. */
export interface PlacedCertificate {
  readonly certificate: Certificate
  readonly line: number
}

/** A file of certificates, read as Go's `AppendCertsFromPEM` reads it: what it skips is not among the certificates. */
export interface CertificateFile {
  readonly name: CaFileName
  readonly pem: PemBlocks
  readonly certificates: readonly PlacedCertificate[]
  /** CERTIFICATE blocks that hold none. */
  readonly unreadable: readonly { readonly line: number; readonly why: string }[]
}

/** What the checks look at. Made once from the files. */
export interface PreflightFacts {
  readonly caCert: CertificateFile
  readonly certChain: CertificateFile
  readonly rootCert: CertificateFile
  /** The shape of `ca-key.pem`, without its bytes. */
  readonly caKey: PemShape
  /** The first certificate of `ca-cert.pem`, the one that signs; `null` if it cannot be used. */
  readonly signer: PlacedCertificate | null
  /** The ways from the signer to a root; none, and no faults, without a signer. */
  readonly signerPaths: PathResult
  readonly key: { readonly loaded: Confidential<KeyObject> } | { readonly refusal: RerootError }
  readonly at: Date
  readonly multiRoot: boolean
  readonly entropy: Entropy
}

/** Reads the files. What cannot be read is a fact like any other. */
export function preflightFacts(
  files: CaFiles,
  at: Date,
  options: { readonly multiRoot: boolean; readonly entropy: Entropy },
): PreflightFacts {
  const caCert = certificateFile('ca-cert.pem', files.caCert)
  const certChain = certificateFile('cert-chain.pem', files.certChain)
  const rootCert = certificateFile('root-cert.pem', files.rootCert)
  const firstLine = caCert.pem.blocks[0]?.line
  const signer = caCert.certificates.find(({ line }) => line === firstLine) ?? null
  return {
    caCert,
    certChain,
    rootCert,
    caKey: shapeOf(splitPem(files.caKey.reveal())),
    signer,
    signerPaths: pathsOf(signer, certChain, rootCert, at),
    key: keyOf(files),
    at,
    ...options,
  }
}

/** Certificates without their places. */
export function certificatesOf(file: CertificateFile): Certificate[] {
  return file.certificates.map(({ certificate }) => certificate)
}

function certificateFile(name: CaFileName, text: string): CertificateFile {
  const pem = splitPem(text)
  const certificates: PlacedCertificate[] = []
  const unreadable: { line: number; why: string }[] = []
  for (const block of pem.blocks.filter(isPlainCertificate)) {
    try {
      certificates.push({ certificate: certificateFromDer(block.der), line: block.line })
    } catch (error) {
      unreadable.push({ line: block.line, why: error instanceof Error ? error.message : String(error) })
    }
  }
  return { name, pem, certificates, unreadable }
}

/** istiod verifies its CA with Go's default usage, serverAuth (istio keycertbundle.go Verify 2). */
function pathsOf(signer: PlacedCertificate | null, certChain: CertificateFile, rootCert: CertificateFile, at: Date): PathResult {
  if (signer === null) return { paths: [], faults: [] }
  const { certificate } = signer
  return findPaths({ certificate, intermediates: certificatesOf(certChain), roots: certificatesOf(rootCert), at, usage: 'serverAuth' })
}

function isPlainCertificate(block: PemBlock): boolean {
  return block.type === 'CERTIFICATE' && !block.hasHeaders
}

function keyOf(files: CaFiles): PreflightFacts['key'] {
  try {
    return { loaded: loadPrivateKey(files.caKey) }
  } catch (error) {
    if (error instanceof RerootError) return { refusal: error }
    throw error
  }
}

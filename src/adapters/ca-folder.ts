import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Confidential, RerootError } from '../base/index.ts'

/** The four files of a CA, as a folder holds them. */
export interface CaFolder {
  readonly caCert: string
  readonly caKey: Confidential<string>
  readonly certChain: string
  readonly rootCert: string
  /** A root's private key that lies in the folder, or beside it: it is not read. */
  readonly rootKey: string | null
}

// Istio's tools/certs and its documentation of plugged-in CAs; then what `step certificate create` is usually told to write.
const names = {
  caCert: ['ca-cert.pem', 'intermediate-ca.crt', 'intermediate.crt'],
  caKey: ['ca-key.pem', 'intermediate-ca.key', 'intermediate.key'],
  certChain: ['cert-chain.pem', 'ca-chain.crt'],
  rootCert: ['root-cert.pem', 'root-ca.crt', 'root.crt'],
  rootKey: ['root-key.pem', 'root-ca.key', 'root.key'],
} as const

/**
 * Reads a CA from a folder of PEM files: of the cluster's own, or of all clusters with one folder each (`<folder>/<cluster>`, as Istio's
 * tools/certs lays them out). The root's certificate may lie one folder up. Without a chain file, the chain is the intermediate and the root.
 * @throws RerootError CA_UNSUPPORTED that lists every file that is missing.
 */
export async function readCaFolder(folder: string, cluster: string): Promise<CaFolder> {
  const folders = [join(folder, cluster), folder, join(folder, '..')]
  const own = (await firstOf(folders.slice(0, 2), names.caCert)) ?? null
  const home = own === null ? folder : own.folder
  const [caKey, chain, root] = [
    await firstOf([home], names.caKey),
    await firstOf([home], names.certChain),
    await firstOf([home, join(home, '..')], names.rootCert),
  ]
  const missing = [own === null ? names.caCert : null, caKey === null ? names.caKey : null, root === null ? names.rootCert : null].filter(
    (list) => list !== null,
  )
  if (own === null || caKey === null || root === null) {
    throw new RerootError(
      'CA_UNSUPPORTED',
      `${folder} does not hold the CA of ${cluster}: ${missing.map((list) => list.join(' or ')).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      {
        hint: 'give the folder with ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem of this cluster, or the folder above it',
      },
    )
  }
  const rootKey = await firstOf([home, join(home, '..')], names.rootKey)
  return {
    caCert: own.text,
    caKey: new Confidential(caKey.text),
    certChain: chain?.text ?? `${withNewline(own.text)}${withNewline(root.text)}`,
    rootCert: root.text,
    rootKey: rootKey === null ? null : join(rootKey.folder, rootKey.name),
  }
}

interface Found {
  readonly folder: string
  readonly name: string
  readonly text: string
}

async function firstOf(folders: readonly string[], candidates: readonly string[]): Promise<Found | null> {
  for (const folder of folders) {
    for (const name of candidates) {
      const text = await readText(join(folder, name))
      if (text !== null) return { folder, name, text }
    }
  }
  return null
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return null
  }
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

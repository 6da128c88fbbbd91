import { parseBySchema, RerootError } from '../base/index.ts'
import type { Finding, Parsed, Sha256, YamlDocument, YamlPath } from '../base/index.ts'
import { parseCertificate } from '../pki/index.ts'
import type { Certificate } from '../pki/index.ts'
import { follow } from './history.ts'
import { stateOf, trustedGenerations } from './phase.ts'
import { writtenMesh, writtenRecord } from './record-schema.ts'
import type { ClusterRecord, Generation, Intermediate, MeshRecord } from './record.ts'
import { momentText } from './write-record.ts'

const handsOff = 'reroot alone writes this file: take the version from git history back (`git log -- FILE`), and do not edit it'

/** What was read, with the line of each part for later checks. */
type Complaint = (path: YamlPath, id: 'record/certificate' | 'record/phase', message: string, expected: string, found: string) => Finding

/**
 * Reads mesh.yaml and checks that what it repeats for readers equals the certificates.
 * @throws RerootError RECORD_INVALID with every difference.
 */
export function readMeshRecord(bytes: Uint8Array, file: string): MeshRecord {
  const { value, document } = valid(parseBySchema(bytes, file, writtenMesh, { id: 'record/schema', remedy: handsOff }), file)
  const complain = complainer(file, document)
  const findings: Finding[] = []
  const generations = value.generations.flatMap((written, index): Generation[] => {
    const at = ['generations', index]
    const certificate = readCertificate(written.certificate, [...at, 'certificate'], complain, findings)
    if (certificate === null) return []
    findings.push(...repeats([...at], written, certificate, complain))
    return [{ id: written.id, origin: written.origin, rootKey: written.rootKey, certificate }]
  })
  const numbers = value.generations.map((generation) => Number(generation.id.slice(1)))
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) {
    findings.push(complain(['generations'], 'record/phase', 'generations are not in the order of their numbers', 'ascending, each number once', numbers.join(', ')))
  }
  if (findings.length > 0) throw damaged(file, findings)
  return { mesh: value.mesh, generations }
}

/**
 * Reads record.yaml and checks it against its certificates, its own transitions, and mesh.yaml.
 * @throws RerootError RECORD_INVALID with every difference: the file was edited by hand, or belongs to another mesh.
 */
export function readClusterRecord(bytes: Uint8Array, file: string, mesh: MeshRecord): ClusterRecord {
  const { value, document } = valid(parseBySchema(bytes, file, writtenRecord, { id: 'record/schema', remedy: handsOff }), file)
  const complain = complainer(file, document)
  const findings: Finding[] = []
  const intermediates = value.intermediates.flatMap((written, index): Intermediate[] => {
    const at = ['intermediates', index]
    const certificate = readCertificate(written.certificate, [...at, 'certificate'], complain, findings)
    if (certificate === null) return []
    findings.push(...repeats(at, { fingerprint: written.fingerprint, notAfter: written.notAfter }, certificate, complain))
    return [{ generation: written.generation, state: written.state, certificate }]
  })

  const history = follow(value.transitions, value.state)
  if (!history.ok) {
    findings.push(complain(['transitions', history.transition], 'record/phase', history.message, history.expected, value.transitions[history.transition]?.id ?? value.state))
    throw damaged(file, findings)
  }
  const { phase } = history
  const trusted = trustedGenerations(phase)
  const claims: readonly (readonly [string, string, string])[] = [
    ['state', stateOf(phase), value.state],
    ['signer', phase.signer, value.signer],
    ['trusted', trusted.join(', '), value.trusted.join(', ')],
    ['intermediates', phase.signer, value.intermediates.filter((one) => one.state === 'active').map((one) => one.generation).join(', ')],
  ]
  for (const [key, expected, found] of claims) {
    if (expected === found) continue
    const what = key === 'intermediates' ? 'the active intermediate is not the signer’s' : `${key} does not follow from the transitions`
    findings.push(complain([key], 'record/phase', what, expected, found))
  }
  for (const id of trusted) {
    if (mesh.generations.some((generation) => generation.id === id)) continue
    findings.push(complain(['trusted'], 'record/phase', `mesh.yaml has no generation ${id}`, 'a generation that mesh.yaml lists', id))
  }
  if (findings.length > 0) throw damaged(file, findings)
  const { cluster, state, adoptedRootBundle, transitions } = value
  return { cluster, phase, state, rootBundle: value.rootBundle as Sha256, adoptedRootBundle, intermediates, transitions }
}

function readCertificate(pem: string, path: YamlPath, complain: Complaint, findings: Finding[]): Certificate | null {
  try {
    return parseCertificate(pem)
  } catch (error) {
    findings.push(complain(path, 'record/certificate', `not a certificate: ${error instanceof Error ? error.message : String(error)}`, 'a PEM certificate', 'something else'))
    return null
  }
}

function repeats(at: YamlPath, written: Readonly<Partial<Record<'fingerprint' | 'algorithm' | 'subject' | 'notBefore' | 'notAfter', string>>>, certificate: Certificate, complain: Complaint): Finding[] {
  const facts = {
    fingerprint: certificate.fingerprint,
    algorithm: certificate.algorithm,
    subject: certificate.subject,
    notBefore: momentText(certificate.notBefore),
    notAfter: momentText(certificate.notAfter),
  }
  return (['fingerprint', 'algorithm', 'subject', 'notBefore', 'notAfter'] as const).flatMap((key) => {
    const expected: string = facts[key]
    const found = written[key]
    if (found === undefined || found === expected) return []
    return [complain([...at, key], 'record/certificate', `${key} differs from the certificate below it`, expected, found)]
  })
}

function complainer(file: string, document: YamlDocument): Complaint {
  return (path, id, message, expected, found) => ({ id, severity: 'error', place: { file, line: document.lineOf(path) }, message, expected, found, remedy: handsOff })
}

function valid<T>(parsed: Parsed<T>, file: string): { readonly value: T; readonly document: YamlDocument } {
  if (!parsed.ok) throw damaged(file, parsed.findings)
  return parsed
}

function damaged(file: string, findings: readonly Finding[]): RerootError {
  return new RerootError('RECORD_INVALID', `${file} is damaged, or was edited by hand`, { hint: handsOff, findings })
}

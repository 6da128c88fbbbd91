import { parseBySchema, RerootError } from '../base/index.ts'
import type { Finding, Parsed, Sha256, YamlDocument, YamlPath } from '../base/index.ts'
import { parseCertificate } from '../pki/index.ts'
import type { Certificate } from '../pki/index.ts'
import { contradictions } from './check-record.ts'
import { follow } from './history.ts'
import { generationNumber } from './ids.ts'
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
    findings.push(...repeats(at, written, certificate, complain))
    return [{ id: written.id, origin: written.origin, rootKey: written.rootKey, certificate }]
  })
  findings.push(...repeatedGenerations(value.generations, complain))
  if (findings.length > 0) throw damaged(file, findings)
  return { mesh: value.mesh, generations }
}

/**
 * Reads record.yaml and checks it against its certificates, its own transitions, and mesh.yaml.
 * @param file its path, `…/<cluster>/record.yaml`.
 * @param mesh `null`: mesh.yaml cannot be read. Then what only it knows better is not found.
 * @throws RerootError RECORD_INVALID with every difference: the file was edited by hand, or belongs to another mesh.
 */
export function readClusterRecord(bytes: Uint8Array, file: string, mesh: MeshRecord | null): ClusterRecord {
  const { value, document } = valid(parseBySchema(bytes, file, writtenRecord, { id: 'record/schema', remedy: handsOff }), file)
  const complain = complainer(file, document)
  const findings: Finding[] = []
  const intermediates = value.intermediates.map((written, index): Intermediate | null => {
    const at = ['intermediates', index]
    const certificate = readCertificate(written.certificate, [...at, 'certificate'], complain, findings)
    if (certificate === null) return null
    findings.push(...repeats(at, { fingerprint: written.fingerprint, notAfter: written.notAfter }, certificate, complain))
    return { generation: written.generation, state: written.state, certificate }
  })

  const history = follow(value.transitions, value.state)
  if (!history.ok) {
    const at = value.transitions.length === 0 ? ['state'] : ['transitions', history.transition]
    findings.push(complain(at, 'record/phase', history.message, history.expected, value.transitions[history.transition]?.id ?? value.state))
    throw damaged(file, findings)
  }
  for (const { path, id, message, expected, found } of contradictions(value, file, history, mesh, intermediates)) {
    findings.push(complain(path, id, message, expected, found))
  }
  if (findings.length > 0) throw damaged(file, findings)
  const { cluster, state, adoptedRootBundle, transitions } = value
  const { phase } = history
  return {
    cluster,
    phase,
    state,
    rootBundle: value.rootBundle as Sha256,
    adoptedRootBundle,
    intermediates: intermediates.filter((one) => one !== null),
    transitions,
  }
}

function readCertificate(pem: string, path: YamlPath, complain: Complaint, findings: Finding[]): Certificate | null {
  try {
    return parseCertificate(pem)
  } catch (error) {
    findings.push(
      complain(
        path,
        'record/certificate',
        `not a certificate: ${error instanceof Error ? error.message : String(error)}`,
        'a PEM certificate',
        'something else',
      ),
    )
    return null
  }
}

function repeats(
  at: YamlPath,
  written: Readonly<Partial<Record<'fingerprint' | 'algorithm' | 'subject' | 'notBefore' | 'notAfter', string>>>,
  certificate: Certificate,
  complain: Complaint,
): Finding[] {
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
  return (path, id, message, expected, found) => ({
    id,
    severity: 'error',
    place: { file, line: document.lineOf(path) },
    message,
    expected,
    found,
    remedy: handsOff,
  })
}

function repeatedGenerations(
  written: readonly { readonly id: string; readonly fingerprint: string }[],
  complain: Complaint,
): readonly Finding[] {
  return written.flatMap(({ id, fingerprint }, index) => {
    const earlier = written.slice(0, index)
    const highest = Math.max(0, ...earlier.map((one) => generationNumber(one.id)))
    const same = earlier.find((one) => one.fingerprint === fingerprint)
    return [
      ...(generationNumber(id) > highest
        ? []
        : [
            complain(
              ['generations', index, 'id'],
              'record/phase',
              'generations are not in the order of their numbers',
              `a number above ${highest}: each is used once`,
              id,
            ),
          ]),
      ...(same === undefined
        ? []
        : [
            complain(
              ['generations', index, 'fingerprint'],
              'record/certificate',
              `${id} is the same certificate as ${same.id}`,
              'a root of its own',
              fingerprint,
            ),
          ]),
    ]
  })
}

function valid<T>(parsed: Parsed<T>, file: string): { readonly value: T; readonly document: YamlDocument } {
  if (parsed.ok) return parsed
  throw parsed.newer ? ofTheFuture(file, parsed.findings) : damaged(file, parsed.findings)
}

/** @returns the refusal of a file that reroot alone writes. */
export function damaged(file: string, findings: readonly Finding[]): RerootError {
  return new RerootError('RECORD_INVALID', `${file} is damaged, or was edited by hand`, { hint: handsOff, findings })
}

/** @returns the refusal of a file that a later version of reroot wrote. */
export function ofTheFuture(file: string, findings: readonly Finding[]): RerootError {
  return new RerootError('RECORD_INVALID', `${file} was written by a later version of reroot`, {
    hint: 'use that version or a later one; do not edit the file',
    findings,
  })
}

import { formatWorkloadId, writeYaml } from '../base/index.ts'
import { trustedGenerations } from './phase.ts'
import type { ClusterRecord, MeshRecord } from './record.ts'
import type { EntryWave, RestartList } from './types.ts'

/** A moment as the record writes it: RFC 3339 in UTC, whole seconds. */
export function momentText(moment: Date): string {
  return moment.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The text of mesh.yaml. */
export function writeMeshRecord(mesh: MeshRecord): string {
  const generations = mesh.generations.map(({ id, origin, rootKey, certificate }) => ({
    id,
    origin,
    rootKey,
    fingerprint: certificate.fingerprint,
    algorithm: certificate.algorithm,
    subject: certificate.subject,
    notBefore: momentText(certificate.notBefore),
    notAfter: momentText(certificate.notAfter),
    certificate: certificate.pem,
  }))
  return writeYaml(
    { version: 1, mesh: mesh.mesh, generations },
    { comment: 'The roots of the mesh: public facts only. reroot alone writes this file.' },
  )
}

/** The text of record.yaml. */
export function writeClusterRecord(record: ClusterRecord): string {
  const written = {
    version: 1,
    cluster: record.cluster,
    state: record.state,
    signer: record.phase.signer,
    trusted: trustedGenerations(record.phase),
    rootBundle: record.rootBundle,
    adoptedRootBundle: record.adoptedRootBundle,
    intermediates: record.intermediates.map(({ generation, state, certificate }) => ({
      generation,
      state,
      fingerprint: certificate.fingerprint,
      notAfter: momentText(certificate.notAfter),
      certificate: certificate.pem,
    })),
    transitions: record.transitions,
  }
  return writeYaml(written, { comment: 'Where this cluster’s CA stands: public facts only. reroot alone writes this file.' })
}

/** The text of restarts.yaml. */
export function writeRestartList(list: RestartList): string {
  const written = {
    version: 1,
    id: list.id,
    entry:
      list.entry === null
        ? null
        : {
            ...list.entry,
            waves: list.entry.waves.map((wave) => ({
              name: wave.name,
              restarts: wave.restarts.map(deliveredText),
              namespaces: wave.namespaces,
            })),
          },
    namespaces: list.namespaces,
    waves: list.waves.map((wave) => ({
      name: wave.name,
      namespaces: wave.namespaces,
      restarts: wave.restarts.map((restart) => ({ ...restart, workload: formatWorkloadId(restart.workload) })),
    })),
  }
  return writeYaml(written, {
    comment:
      'What this step restarts, in order, frozen when the step was planned: what "complete" is measured against.\nreroot alone writes this file.',
  })
}

/** `job Deployment/shop/cart`: one line for each workload of the step before. */
function deliveredText({ workload, delivery }: EntryWave['restarts'][number]): string {
  return `${delivery} ${formatWorkloadId(workload)}`
}

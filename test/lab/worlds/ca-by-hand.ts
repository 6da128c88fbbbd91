import { join } from 'node:path'
import type { Cluster } from '../cluster.ts'
import type { Operator } from '../operator.ts'

/** Plugs the first CA in, as people do when they build a cluster. */
export async function makeCaByHand(cluster: Cluster, operator: Operator): Promise<void> {
  await cluster.kubectl(['create', 'namespace', 'istio-system'])
  const files = ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'].map(
    (name) => `--from-file=${name}=${join(operator.certs, cluster.name, name)}`,
  )
  await cluster.kubectl(['-n', 'istio-system', 'create', 'secret', 'generic', 'cacerts', ...files])
}

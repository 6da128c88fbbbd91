import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ageIdentities } from '../../src/adapters/identities.ts'
import { sopsProgram } from '../../src/adapters/sops.ts'
import { systemEntropy } from '../../src/adapters/system.ts'
import { parseBundle, parseCertificate, preflight } from '../../src/pki/index.ts'
import { openSecret } from '../../src/run/index.ts'
import type { DemoWorld } from './world.ts'

/** What the cluster would find in the live Secret of a branch. */
export interface LiveSecret {
  readonly signer: string
  readonly roots: readonly string[]
  /** Problems by istiod's own checks; empty: it takes the Secret. */
  readonly problems: readonly string[]
}

/** Unseals a cluster's live Secret in the checkout as its controller would, with the cluster's identity, and judges it as istiod would. */
export async function unsealAsCluster(world: DemoWorld, cluster: string): Promise<LiveSecret> {
  const path = `mesh-ca/clusters/${cluster}/cacerts/cacerts.sops.yaml`
  const identities = ageIdentities({ environment: { SOPS_AGE_KEY_FILE: world.cluster.file, HOME: world.folder } })
  const { files } = await openSecret(await readFile(join(world.clone, path)), path, { identities, sops: sopsProgram() })
  const problems = preflight(files, new Date(), { entropy: systemEntropy })
  return {
    signer: parseCertificate(files.caCert).issuer,
    roots: parseBundle(files.rootCert).map((root) => root.subject),
    problems: problems.filter((problem) => problem.severity === 'error').map((problem) => problem.message),
  }
}

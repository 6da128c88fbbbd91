import { relative } from 'node:path'
import { makeFirstCa } from './first-ca.ts'
import { actsIn } from './acts.ts'
import { heading, tell, unsealed } from './tell.ts'
import { makeWorld } from './world.ts'
import type { DemoWorld } from './world.ts'

const clusters = ['prod-eu', 'prod-us'] as const

/** Two clusters that share a root, and that one Argo CD applies. */
export async function rotateArgocd(): Promise<DemoWorld> {
  const world = await makeWorld('argocd')
  const { run, refused, merge, edit } = actsIn(world)
  const opened = async (roots: readonly string[], signer: string): Promise<void> => {
    for (const cluster of clusters) await unsealed(world, cluster, roots, signer)
  }
  await makeFirstCa(world.certs, clusters)
  tell(`A platform team's repository for Argo CD, copied from examples/argocd, and the CA of its two clusters:\n  ${world.folder}`)

  heading('Argo CD, 1. init: take over the CA of both clusters; one repo-server unseals for both')
  const recipients = clusters.flatMap((cluster) => ['--cluster-recipient', `${cluster}=${world.cluster.recipient}`])
  const people = ['--operator', world.operator.recipient, '--custodian', world.custodian.recipient]
  const from = relative(world.clone, world.certs)
  await run(['init', '--mesh', 'shop', '--from', from, ...recipients, ...people], world.operator, 'whole')
  await merge('mesh-ca/init')
  await opened(['CN=Root CA'], 'CN=Root CA')

  heading('Argo CD, 2. stage: in both clusters at once, each by an Application of its own')
  await edit('mesh-ca/reroot.yaml', 'Elliptic curves from now on', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  await run(['stage'], world.operator, 'whole')
  await merge('mesh-ca/g2-staged')
  await opened(['CN=Root CA', 'CN=shop root CA g2'], 'CN=Root CA')

  heading('Argo CD, 3. promote')
  await refused(['promote'], null, 'REFUSED', 'on the word of an entry gate, which sees its own cluster only')
  await run(['promote', '--confirmed', 'both Applications are Synced and Healthy; istioctl shows both roots in every proxy'], null)
  await merge('mesh-ca/g2-promoted')
  await opened(['CN=Root CA', 'CN=shop root CA g2'], 'CN=shop root CA g2')

  heading('Argo CD, 4. retire')
  await run(['retire', '--confirmed', 'every proxy of both clusters presents a certificate of g2'], null)
  await merge('mesh-ca/g2-steady')
  await opened(['CN=shop root CA g2'], 'CN=shop root CA g2')
  await run(['status'], null, 'whole')
  return world
}

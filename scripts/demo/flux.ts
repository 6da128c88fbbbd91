import { relative } from 'node:path'
import { makeFirstCa } from './first-ca.ts'
import { actsIn } from './acts.ts'
import { heading, tell, unsealed } from './tell.ts'
import { makeWorld } from './world.ts'
import type { DemoWorld } from './world.ts'

/** One cluster that Flux applies, from `init` to `retire`, with refusals on the way. */
export async function rotateFlux(): Promise<DemoWorld> {
  const world = await makeWorld('flux')
  const { run, refused, merge, edit, tellLastCommit, revertLastCommit } = actsIn(world)
  await makeFirstCa(world.certs, ['prod'])
  tell(`A platform team's repository for Flux, copied from examples/flux, and a CA made by hand two years ago:\n  ${world.folder}`)

  heading('Flux, 1. init: take over the CA that the mesh has')
  const recipients = ['--cluster-recipient', `prod=${world.cluster.recipient}`, '--operator', world.operator.recipient]
  const from = relative(world.clone, world.certs)
  await run(['init', '--mesh', 'shop', '--from', from, ...recipients, '--custodian', world.custodian.recipient], world.operator)
  await merge('mesh-ca/init')
  await unsealed(world, 'prod', ['CN=Root CA'], 'CN=Root CA')

  heading('People edit reroot.yaml: payments last, and one DaemonSet that must not be restarted')
  await edit('mesh-ca/reroot.yaml', 'Restart payments last, leave the node agent alone', [
    ['  tiers: []', '  tiers: [{ name: payments, namespaces: [payments, ledger] }]'],
    ['  rules: []', '  rules:\n    - { match: DaemonSet/monitoring/node-agent, drain: expire, reason: "holds open captures, OPS-12" }'],
  ])
  await tellLastCommit()

  heading('Flux, 2. stage: trust a new root beside the present one')
  await refused(['stage'], null, 'NO_IDENTITY', 'without an identity that opens the Secret')
  await run(['stage'], world.operator, 'whole')
  await refused(['promote'], null, 'REFUSED', 'before the pull request of stage is merged')
  await merge('mesh-ca/g2-staged')
  await unsealed(world, 'prod', ['CN=Root CA', 'CN=shop root CA g2'], 'CN=Root CA')
  await run(['status'], null, 'whole')

  heading('Flux, 3. promote: the new root signs')
  await refused(['promote'], null, 'REFUSED', 'while a workload has not followed, and nobody vouches for it')
  const checked = '24 h after the gate, istioctl shows both roots in every proxy'
  const record = 'mesh-ca/clusters/prod/record.yaml'
  await edit(record, 'Looks promoted to me', [['state: g2-staged', 'state: g2-promoted']])
  await refused(['promote', '--confirmed', checked], null, 'RECORD_INVALID', 'when somebody has edited the record by hand')
  await revertLastCommit()
  await run(['promote', '--confirmed', checked], null)
  await merge('mesh-ca/g2-promoted')
  await unsealed(world, 'prod', ['CN=Root CA', 'CN=shop root CA g2'], 'CN=shop root CA g2')

  heading('Flux, 4. retire: the old root goes')
  await run(['retire', '--confirmed', 'every proxy presents a certificate of g2'], null)
  await merge('mesh-ca/g2-steady')
  await unsealed(world, 'prod', ['CN=shop root CA g2'], 'CN=shop root CA g2')
  await run(['status'], null, 'whole')
  return world
}

import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { makeFirstCa } from './demo/first-ca.ts'
import { check, heading, show, tell, unsealed } from './demo/tell.ts'
import { makeWorld } from './demo/world.ts'
import type { Reader } from './demo/world.ts'

/*
 * The whole rotation, for real: a GitOps repository for Flux, a bare remote, age identities, and a CA laid out as Istio's tools/certs
 * does. The built program runs as a user would run it; pull requests are merged by `git merge`. Everything stays in the folder that is
 * printed at the end.
 */
const world = await makeWorld()
await makeFirstCa(world.certs, 'prod')
const place = (path: string): string => relative(world.clone, path)
tell(`A platform team's repository for Flux, copied from examples/flux, and a CA made by hand two years ago:\n  ${world.folder}`)

heading('1. init: take over the CA that the mesh has')
await run(
  [
    'init',
    '--mesh',
    'shop',
    '--from',
    place(world.certs),
    '--cluster-recipient',
    `prod=${world.cluster.recipient}`,
    '--operator',
    world.operator.recipient,
    '--custodian',
    world.custodian.recipient,
  ],
  world.operator,
)
await merge('mesh-ca/init')
await unsealed(world, ['CN=Root CA'], 'CN=Root CA')

heading('People edit reroot.yaml: payments last, and one DaemonSet that must not be restarted')
await edit('mesh-ca/reroot.yaml', 'Restart payments last, leave the node agent alone', [
  ['  tiers: []', '  tiers: [{ name: payments, namespaces: [payments, ledger] }]'],
  ['  rules: []', '  rules:\n    - { match: DaemonSet/monitoring/node-agent, drain: expire, reason: "holds open captures, OPS-12" }'],
])
tell(
  (await world.git('show', '--format=', '--unified=0', 'HEAD'))
    .split('\n')
    .filter((line) => /^[+-] /.test(line))
    .join('\n'),
)

heading('2. stage: trust a new root beside the present one')
await refused(['stage'], null, 'NO_IDENTITY', 'without an identity that opens the Secret')
await run(['stage'], world.operator, 'whole')
await refused(['promote'], null, 'REFUSED', 'before the pull request of stage is merged')
await merge('mesh-ca/g2-staged')
await unsealed(world, ['CN=Root CA', 'CN=shop root CA g2'], 'CN=Root CA')
await run(['status'], null, 'whole')

heading('3. promote: the new root signs')
await refused(['promote'], null, 'REFUSED', 'while a workload has not followed, and nobody vouches for it')
const checked = '24 h after the gate, istioctl shows both roots in every proxy'
await editedByHand()
await run(['promote', '--confirmed', checked], null)
await merge('mesh-ca/g2-promoted')
await unsealed(world, ['CN=Root CA', 'CN=shop root CA g2'], 'CN=shop root CA g2')

heading('4. retire: the old root goes')
await run(['retire', '--confirmed', 'every proxy presents a certificate of g2'], null)
await merge('mesh-ca/g2-steady')
await unsealed(world, ['CN=shop root CA g2'], 'CN=shop root CA g2')
await run(['status'], null, 'whole')

heading('Where to look')
tell(await world.git('log', '--first-parent', '--oneline', '--no-decorate', 'main'))
tell(
  `the repository   ${world.clone}\nwhat stage wrote  git -C ${world.clone} show --stat origin/mesh-ca/g2-staged\nthe sealed Secret ${world.clone}/mesh-ca/clusters/prod/cacerts/cacerts.sops.yaml\nwho can open it   SOPS_AGE_KEY_FILE=${world.operator.file} sops decrypt FILE`,
)

/** A command that must succeed; `whole` shows its pull request's text, else only the summary. */
async function run(args: readonly string[], identity: Reader | null, stdout: 'whole' | 'summary' = 'summary'): Promise<void> {
  const result = await world.reroot(args, identity)
  show(args, identity, result, stdout)
  check(result.exitCode === 0, `reroot ${args[0]} exited ${result.exitCode}`)
}

/** A command that must be refused, and must leave the remote as it was. */
async function refused(args: readonly string[], identity: Reader | null, code: string, when: string): Promise<void> {
  const before = await world.git('ls-remote', 'origin')
  const result = await world.reroot(args, identity)
  tell(`Refused ${when}:`)
  show(args, identity, result, 'summary')
  check(result.exitCode > 0 && result.stderr.includes(`[${code}]`), `reroot ${args[0]} was not refused with ${code}`)
  check((await world.git('ls-remote', 'origin')) === before, `reroot ${args[0]} was refused, but changed the remote`)
}

/** What a forge does on merge. */
async function merge(branch: string): Promise<void> {
  await world.git('fetch', '--quiet', 'origin', branch)
  await world.git('merge', '--quiet', '--no-ff', '--message', `Merge ${branch}`, 'FETCH_HEAD')
  await world.git('push', '--quiet', 'origin', 'main')
  tell(`(reviewed and merged: ${branch})`)
}

async function edit(path: string, message: string, replacements: readonly (readonly [string, string])[]): Promise<void> {
  const file = join(world.clone, path)
  let text = await readFile(file, 'utf8')
  for (const [from, to] of replacements) {
    check(text.includes(from), `${path} has no line ${JSON.stringify(from)}`)
    text = text.replace(from, to)
  }
  await writeFile(file, text)
  await world.git('commit', '--quiet', '--all', '--message', message)
  await world.git('push', '--quiet', 'origin', 'main')
}

/** Somebody sets the state in the record by hand; the next command sees it. */
async function editedByHand(): Promise<void> {
  const record = 'mesh-ca/clusters/prod/record.yaml'
  await edit(record, 'Looks promoted to me', [['state: g2-staged', 'state: g2-promoted']])
  await refused(['promote', '--confirmed', checked], null, 'RECORD_INVALID', 'when somebody has edited the record by hand')
  await world.git('revert', '--no-edit', 'HEAD')
  await world.git('push', '--quiet', 'origin', 'main')
  tell('(the commit is reverted)')
}

import { expect, test } from 'vitest'
import type { Status } from '../../src/run/index.ts'
import { clusterCa, firstRoot } from '../support/first-ca.ts'
import { inside, liveFile, preparedStates } from '../support/live-secret.ts'
import { hoursAgo, Sandbox } from '../support/sandbox.ts'
import type { Reader } from '../support/example.ts'
import { recipientsOf } from '../support/sealed-secret.ts'
import { sandboxIn } from '../support/states.ts'
import { twoClusters } from '../support/two-clusters.ts'

const liveInUs = liveFile.replace('/prod/', '/prod-us/')
const refused = { exitCode: 3, code: 'REFUSED' } as const

async function initialised(...edits: (readonly [string, string])[]): Promise<{ readonly sandbox: Sandbox; readonly us: Reader }> {
  const sandbox = await sandboxIn('twoClusters')
  if (edits.length > 0) sandbox.forge.edit('mesh-ca/reroot.yaml', edits)
  return { sandbox, us: sandbox.reader('us') }
}

test('clusters that do not share a root are no mesh', async () => {
  const sandbox = await twoClusters({
    ca: async (texts, _, cluster) => (cluster === 'prod' ? texts : clusterCa(await firstRoot({ name: 'Other root' }), cluster)),
  })

  await sandbox.refuses(sandbox.initArguments('--cluster-recipient', `prod-us=${sandbox.reader('us').recipient}`), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: ['the clusters do not share a root', 'CN=Other root', '--cluster'],
  })
})

test('init of one of the clusters alone, and of one that is not there', async () => {
  const sandbox = await twoClusters()

  await sandbox.refuses(sandbox.initArguments('--cluster', 'dev'), {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['no such cluster: dev', 'prod, prod-us'],
  })
  await sandbox.takes(sandbox.initArguments('--cluster', 'prod'), 'mesh-ca/init', { as: sandbox.operator })

  expect([...sandbox.forge.files().keys()].filter((path) => path.startsWith('mesh-ca/clusters/prod-us/'))).toEqual([])
})

test('one root, an intermediate per cluster, each sealed for its own cluster; a word or time is needed for all', async () => {
  const { sandbox, us } = await initialised()
  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    ['backdateMinutes: 60', 'backdateMinutes: 1440'],
    ['workloadCertificateHours: 24', 'workloadCertificateHours: 20'],
  ])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator, environment: hoursAgo(24) })
  const [eu, american] = [await inside(sandbox), await inside(sandbox, liveInUs, us)]
  const hours = (count: number): string => new Date(Date.now() - count * 3_600_000).toISOString()

  await sandbox.refuses(['promote'], { ...refused, says: ['prod: the mesh has other clusters', 'prod-us: the mesh has other clusters'] })
  await sandbox.refuses(['promote', '--gate-passed', `prod=${hours(23)}`], { ...refused, says: ['prod-us: the mesh has other clusters'] })
  await sandbox.takes(['promote', '--gate-passed', `prod=${hours(23)}`, '--gate-passed', `prod-us=${hours(22)}`], 'mesh-ca/g2-promoted')

  expect(american.rootCert).toBe(eu.rootCert)
  expect((await inside(sandbox, liveInUs, us)).signer).toBe('shop root CA g2')
  expect(recipientsOf(sandbox.forge.files().get(liveInUs) ?? Buffer.alloc(0), liveInUs).toSorted()).toEqual(
    [us.recipient, sandbox.operator.recipient].toSorted(),
  )
  await expect(inside(sandbox, liveInUs, sandbox.cluster)).rejects.toMatchObject({ code: 'NO_IDENTITY' })
  expect(sandbox.forge.file('mesh-ca/clusters/prod-us/record.yaml')).toContain('kind: elapsed')
})

test('a pull request per cluster: the second is finished without an identity, once the first is merged', async () => {
  const { sandbox, us } = await initialised(['pullRequests: auto', 'pullRequests: per-cluster'])

  const { stderr } = await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  expect(stderr).toContain('comes next: run the same command again once mesh-ca/g2-staged is merged')
  expect((await inside(sandbox)).state).toBe('g2-staged')
  expect((await inside(sandbox, liveInUs, us)).state).toBe('g1-steady')
  await sandbox.refuses(['promote', '--confirmed', 'looked'], {
    ...refused,
    says: ['stand apart', 'prod is in g2-staged, prod-us is in g1-steady'],
  })
  await sandbox.refuses(['stage', '--reissue'], { as: sandbox.operator, ...refused, says: ['g2-staged is merged'] })
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged-2-restarts')

  expect((await inside(sandbox, liveInUs, us)).rootCert).toBe((await inside(sandbox)).rootCert)
  expect(preparedStates(sandbox, 'prod-us')).toEqual(['g1-steady', 'g2-promoted', 'g2-staged', 'g2-steady'])
  expect((await sandbox.does(['stage'])).stderr).toContain('nothing to do')
})

test('a pull request per cluster: promote is refused while one cluster has not merged it, and goes on there without asking again', async () => {
  const { sandbox, us } = await initialised(['pullRequests: auto', 'pullRequests: per-cluster'])
  const { stdout, stderr } = await sandbox.does(['stage', '--stack'], { as: sandbox.operator })
  expect(stderr).toContain('then: one from mesh-ca/g2-staged-2-restarts into mesh-ca/g2-staged; merge them in this order')
  expect(stdout).toContain('**Merge this only after `mesh-ca/g2-staged` is merged.**')
  sandbox.forge.merge('mesh-ca/g2-staged-2-restarts')
  expect([...sandbox.forge.files().keys()].filter((path) => path.endsWith('-intermediate.pem'))).toEqual([])

  await sandbox.takes(['promote', '--confirmed', 'looked at both'], 'mesh-ca/g2-promoted')
  await sandbox.refuses(['retire', '--confirmed', 'looked'], { ...refused, says: ['stand apart'] })
  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted-2-restarts')
  await sandbox.does(['retire', '--confirmed', 'looked at both again', '--stack'])
  sandbox.forge.merge('mesh-ca/g2-steady-2-restarts')

  expect(await inside(sandbox)).toMatchObject({ state: 'g2-steady', roots: ['shop root CA g2'], problems: [] })
  expect(await inside(sandbox, liveInUs, us)).toMatchObject({ state: 'g2-steady', roots: ['shop root CA g2'], problems: [] })
})

test('a pull request per cluster, stacked: what has waited for the second is gone with it, sealed keys above all', async () => {
  const { sandbox } = await initialised(['pullRequests: auto', 'pullRequests: per-cluster'])

  await sandbox.does(['replace', '--stack'], { as: sandbox.operator })
  sandbox.forge.merge('mesh-ca/g2-replaced-2-restarts')

  expect([...sandbox.forge.files().keys()].filter((path) => path.includes('/prepared/'))).toEqual([])
})

test('a step that one cluster alone took is taken back there, without a word and without an identity', async () => {
  const { sandbox, us } = await initialised(['pullRequests: auto', 'pullRequests: per-cluster'])
  const american = (): readonly (readonly [string, string])[] =>
    [...sandbox.forge.files()].filter(([path]) => path.includes('/prod-us/')).map(([path, bytes]) => [path, bytes.toString('utf8')])
  const before = american()
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  expect((await sandbox.does(['status'])).stdout).toContain('possible: `reroot rollback` (abandon in prod alone) can be planned now')
  await sandbox.takes(['rollback'], 'mesh-ca/g2-abandoned')

  expect(american()).toEqual(before)
  expect((await inside(sandbox)).state).toBe('g1-steady')

  await sandbox.does(['stage', '--confirmed', 'looked', '--stack'], { as: sandbox.operator })
  sandbox.forge.merge('mesh-ca/g3-staged-2-restarts')
  await sandbox.takes(['promote', '--confirmed', 'looked at both'], 'mesh-ca/g3-promoted')
  const staged = american()
  const { stdout } = await sandbox.takes(['rollback'], 'mesh-ca/g3-demoted')

  expect(stdout).toContain('prod: promoted (signs g3, trusts g1 + g3)  ──demote──▶  staged (signs g1, trusts g1 + g3)')
  expect(stdout).not.toContain('prod-us')
  expect(american()).toEqual(staged)
  await sandbox.does(['promote', '--confirmed', 'looked at both again', '--stack'])
  sandbox.forge.merge('mesh-ca/g3-promoted.2-2-restarts')
  expect((await inside(sandbox, liveInUs, us)).signer).toBe('shop root CA g3')

  await sandbox.takes(['retire', '--confirmed', 'looked at both again'], 'mesh-ca/g3-steady')
  await sandbox.takes(['rollback'], 'mesh-ca/g3-restored')
  expect(await inside(sandbox)).toMatchObject({ state: 'g3-promoted', roots: ['Root CA', 'shop root CA g3'], problems: [] })
  await sandbox.refuses(['rollback'], { ...refused, says: ['demote is not possible: no sealed state of prod holds a key of g1'] })
})

test('a foreign root of a bundle that was taken over byte for byte is not lost when extraRoots no longer names it', async () => {
  const partner = await firstRoot({ name: 'Partner root' })
  const sandbox = await Sandbox.make({
    tree: { 'infrastructure/partner.pem': partner.certificate.pem },
    ca: (texts) => ({ 'root-cert.pem': `# ours\n${texts['root-cert.pem']}# theirs\n${partner.certificate.pem}` }),
  })
  await sandbox.takes(sandbox.initArguments('--extra-root', 'infrastructure/partner.pem'), 'mesh-ca/init', { as: sandbox.operator })
  expect(sandbox.forge.file('mesh-ca/clusters/prod/record.yaml')).toContain('# theirs')
  const [prod] = (JSON.parse((await sandbox.does(['status', '--output', 'json'])).stdout) as Status).clusters
  expect(prod?.expiries.map(({ what }) => what)).toContainEqual(expect.stringMatching(/^extra root .*Partner root/))
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['  - infrastructure/partner.pem', '  []']])

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'RECORD_INVALID',
    says: ['record/bundle', 'extraRoots are not those of the bundle that was taken over', /Partner root is not named/],
  })
})

test('a foreign root that stays trusted is in every phase, and cannot change in between', async () => {
  const partner = await firstRoot({ name: 'Partner root' })
  const sandbox = await Sandbox.make({
    tree: { 'infrastructure/partner.pem': partner.certificate.pem },
    ca: (texts) => ({ 'root-cert.pem': texts['root-cert.pem'] + partner.certificate.pem }),
  })
  const roots = async (): Promise<readonly string[]> => (await inside(sandbox)).roots
  await sandbox.takes(sandbox.initArguments('--extra-root', 'infrastructure/partner.pem'), 'mesh-ca/init', { as: sandbox.operator })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  expect(await roots()).toEqual(['Root CA', 'Partner root'])

  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  const staged = await inside(sandbox)
  expect(staged.roots).toEqual(['Root CA', 'shop root CA g2', 'Partner root'])
  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted')
  expect((await inside(sandbox)).rootCert).toBe(staged.rootCert)
  const other = await firstRoot({ name: 'Other partner' })
  sandbox.forge.push({ 'infrastructure/partner.pem': other.certificate.pem })
  await sandbox.refuses(['retire'], {
    exitCode: 2,
    code: 'RECORD_INVALID',
    says: ['record/bundle', 'cannot change after init'],
  })
  sandbox.forge.push({ 'infrastructure/partner.pem': partner.certificate.pem })
  await sandbox.takes(['retire'], 'mesh-ca/g2-steady')

  expect(await roots()).toEqual(['shop root CA g2', 'Partner root'])
})

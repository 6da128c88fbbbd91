import { expect, test } from 'vitest'
import type { Sandbox } from '../support/sandbox.ts'
import { twoClusters } from '../support/two-clusters.ts'

/** The first mesh is `prod`, the second `prod-us`. */
const initOf = (sandbox: Sandbox, directory: string, cluster: string): string[] => [
  ...['init', '--mesh', directory, '--directory', directory, '--cluster', cluster, '--from', `${cluster}=../certs/${cluster}`],
  ...['--cluster-recipient', `${cluster}=${sandbox.reader(cluster === 'prod' ? 'cluster' : 'us').recipient}`],
  ...['--operator', sandbox.operator.recipient, '--custodian', sandbox.custodian.recipient],
]

test('two meshes of one repository have branches of their own, from init on', async () => {
  const sandbox = await twoClusters()
  await sandbox.takes(initOf(sandbox, 'mesh-ca', 'prod'), 'mesh-ca/init', { as: sandbox.operator })

  const { stderr } = await sandbox.takes(initOf(sandbox, 'mesh-ca-us', 'prod-us'), 'mesh-ca-us/init', { as: sandbox.operator })
  const { stderr: offered } = await sandbox.run(['status', '--directory', 'mesh-ca-uk'])

  expect(stderr).not.toContain('is there already')
  expect(offered).toContain('there is no mesh-ca-uk/reroot.yaml')
  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toContain('branchPrefix: mesh-ca/')
  expect(sandbox.forge.file('mesh-ca-us/reroot.yaml')).toContain('branchPrefix: mesh-ca-us/')
})

test('a branch of another mesh with the same prefix is refused, at the remote and in the clone', async () => {
  const sandbox = await twoClusters()
  await sandbox.takes(initOf(sandbox, 'mesh-ca', 'prod'), 'mesh-ca/init', { as: sandbox.operator })
  await sandbox.takes(initOf(sandbox, 'mesh-ca-us', 'prod-us'), 'mesh-ca-us/init', { as: sandbox.operator })
  for (const directory of ['mesh-ca', 'mesh-ca-us'])
    sandbox.forge.edit(`${directory}/reroot.yaml`, [
      [`branchPrefix: ${directory}/`, 'branchPrefix: both/'],
      ['algorithm: rsa-4096', 'algorithm: ecdsa-p256'],
    ])
  const refused = { as: sandbox.operator, exitCode: 3, code: 'FOREIGN_COMMITS', says: ['reroot made it for mesh-ca, and', /branchPrefix/] }

  await sandbox.does(['stage', '--no-push'], { as: sandbox.operator })
  await sandbox.refuses(['stage', '--directory', 'mesh-ca-us', '--no-push'], refused)
  await sandbox.does(['stage'], { as: sandbox.operator })
  sandbox.git('branch', '-D', 'both/g2-staged')

  await sandbox.refuses(['stage', '--directory', 'mesh-ca-us'], refused)
  const { stdout } = await sandbox.does(['status', '--directory', 'mesh-ca-us'])
  expect(stdout).toContain(
    'blocked: `reroot stage` would take up both/g2-staged, which is another mesh’s: give each mesh a git.branchPrefix',
  )
  expect(stdout).not.toContain('is prepared')
})

test('init after it was merged and taken back does not call its branch not merged', async () => {
  const sandbox = await twoClusters()
  await sandbox.takes(initOf(sandbox, 'mesh-ca', 'prod'), 'mesh-ca/init', { as: sandbox.operator })
  const written = [...sandbox.forge.files().keys()].filter((path) => path.startsWith('mesh-ca/') || path.endsWith('/mesh-ca.yaml'))
  sandbox.forge.push(Object.fromEntries(written.map((path) => [path, null])))

  const { stderr } = await sandbox.does(initOf(sandbox, 'mesh-ca', 'prod'), { as: sandbox.operator })

  expect(stderr).toContain('pushed mesh-ca/init')
  expect(stderr).not.toContain('not merged')
})

import { expect, test } from 'vitest'
import { clusterFolder } from '../support/live-secret.ts'
import { hoursAgo } from '../support/sandbox.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const restarts = `${clusterFolder}/restarts.yaml`
const ownerRules = `  rules:
    - { match: Deployment/shop/*, delivery: owner }
    - { match: Deployment/ledger/*, delivery: owner }`

async function withConfig(...edits: (readonly [string, string])[]): Promise<Sandbox> {
  const sandbox = await sandboxIn('initialised')
  sandbox.forge.edit('mesh-ca/reroot.yaml', edits)
  return sandbox
}

/** Lines that a branch's file has and main's has not, and the other way round. */
function changedLines(
  sandbox: Sandbox,
  path: string,
  branch: string,
): { readonly added: readonly string[]; readonly gone: readonly string[] } {
  const [before, after] = [sandbox.forge.file(path).split('\n'), sandbox.forge.file(path, branch).split('\n')]
  return { added: after.filter((line) => !before.includes(line)), gone: before.filter((line) => !after.includes(line)) }
}

test('owner, for plain YAML and for an overlay: the Secret and the Jobs first, then a pull request per wave that changes the owner’s lines alone', async () => {
  const sandbox = await withConfig(['  rules: []', ownerRules], ['  tiers: []', '  tiers: [{ name: money, namespaces: [ledger] }]'])

  const { stderr } = await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  expect(stderr).toContain('mesh-ca/g2-staged-2-wave-default comes next')
  expect(sandbox.forge.file('apps/ledger/deployment.yaml')).not.toContain('reroot.dev')
  await sandbox.does(['stage'])
  const overlay = 'apps/cart/overlays/prod/kustomization.yaml'
  expect(changedLines(sandbox, overlay, 'mesh-ca/g2-staged-2-wave-default')).toEqual({
    added: ['components:', expect.stringMatching(/^ *- mesh-ca-restart$/)],
    gone: [],
  })
  expect(sandbox.forge.file('apps/cart/overlays/prod/mesh-ca-restart/kustomization.yaml', 'mesh-ca/g2-staged-2-wave-default')).toContain(
    'g2-staged',
  )
  sandbox.forge.merge('mesh-ca/g2-staged-2-wave-default')
  await sandbox.does(['stage'])
  const ledger = changedLines(sandbox, 'apps/ledger/deployment.yaml', 'mesh-ca/g2-staged-3-wave-money')
  expect(ledger.gone).toEqual([])
  expect(ledger.added.map((line) => line.trim())).toEqual(['annotations:', expect.stringMatching(/^reroot\.dev\/rotation: "?g2-staged"?$/)])
  sandbox.forge.merge('mesh-ca/g2-staged-3-wave-money')
  expect((await sandbox.does(['stage'])).stderr).toContain('nothing to do')

  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says: ['restarted by their owners, which no entry gate orders'] })
  await sandbox.does(['promote', '--confirmed', 'looked', '--stack'])
  sandbox.forge.merge('mesh-ca/g2-promoted-3-wave-money')
  expect(sandbox.forge.file('apps/ledger/deployment.yaml')).toMatch(/reroot\.dev\/rotation: "?g2-promoted"?\n/)
  expect(sandbox.forge.file(overlay).match(/mesh-ca-restart/g)).toHaveLength(1)
})

test('replace goes on with what owners have yet to restart, and makes another root only then, or when it is told to', async () => {
  const sandbox = await withConfig(['  rules: []', ownerRules])
  await sandbox.takes(['replace'], 'mesh-ca/g2-replaced')
  expect((await sandbox.does(['status'])).stdout).toContain('next: run `reroot replace` again: g2-replaced is merged in part')

  const { stderr } = await sandbox.does(['replace', '--reissue', '--dry-run'])
  expect(stderr).toContain('making the keys of g3')
  expect((await sandbox.takes(['replace'], 'mesh-ca/g2-replaced-2-wave-default', { squash: true })).stderr).toMatch(
    /^going on with g2-replaced: the restarts of Deployment\/ledger\/ledger, .* by their owners are not on the branch; --reissue makes another root/m,
  )
  expect(sandbox.forge.file('apps/ledger/deployment.yaml')).toMatch(/reroot\.dev\/rotation: "?g2-replaced"?\n/)

  await sandbox.takes(['replace', '--stack'], 'mesh-ca/g3-replaced-2-wave-default')
  expect(sandbox.forge.file('apps/ledger/deployment.yaml')).toMatch(/reroot\.dev\/rotation: "?g3-replaced"?\n/)
})

test('a way back goes on with what owners have yet to restart, before the next way back', async () => {
  const sandbox = await withConfig(['  rules: []', ownerRules])
  await sandbox.takes(['stage', '--stack'], 'mesh-ca/g2-staged-2-wave-default', { as: sandbox.operator })
  await sandbox.takes(['promote', '--stack', '--confirmed', 'looked'], 'mesh-ca/g2-promoted-2-wave-default')

  await sandbox.takes(['rollback'], 'mesh-ca/g2-demoted')
  const { stdout } = await sandbox.does(['status'])
  expect(stdout).toContain(
    'next: run `reroot rollback` again: g2-demoted is merged in part, and its restarts in prod are not on the branch yet',
  )
  await sandbox.takes(['rollback'], 'mesh-ca/g2-demoted-2-wave-default', { squash: true })
  expect(sandbox.forge.file('apps/ledger/deployment.yaml')).toMatch(/reroot\.dev\/rotation: "?g2-demoted"?\n/)

  await sandbox.takes(['rollback', '--confirmed', 'looked'], 'mesh-ca/g2-abandoned')
  await sandbox.takes(['rollback'], 'mesh-ca/g2-abandoned-2-wave-default')
  await sandbox.refuses(['rollback'], { exitCode: 3, code: 'REFUSED', says: ['there is nothing to roll back'] })
})

test('a rule that names nothing is warned of, at the terminal and in the pull request, beside what is outside the mesh', async () => {
  const sandbox = await withConfig(['  rules: []', '  rules:\n    - { match: Deployment/shop/crat, delivery: owner }'])

  const { stdout, stderr } = await sandbox.does(['stage'], { as: sandbox.operator })

  const warning = 'Deployment/shop/crat is not a workload of the mesh'
  expect(stderr).toMatch(new RegExp(`^warning: .*${warning}`, 'm'))
  expect(stdout).toContain(`- \`mesh-ca/reroot.yaml\`, restarts.rules[0]: ${warning} (\`restart/unmatched\`)`)
  expect(stdout).toMatch(/What stays as it is in prod: \d+ workloads? without a sidecar/)
})

test('auto is owner where the Kustomization waits for reroot’s control plane: one pull request for all', async () => {
  const sandbox = await sandboxIn('initialised')
  const apps = sandbox.forge.file('clusters/prod/apps.yaml')
  sandbox.forge.push({
    'clusters/prod/apps.yaml': apps.replace(
      'name: cart\n  namespace: flux-system\nspec:\n  dependsOn: [{name: istio}]',
      'name: cart\n  namespace: flux-system\nspec:\n  dependsOn: [{name: istio}, {name: mesh-ca-control-plane}]',
    ),
  })

  const { stdout } = await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  expect(stdout).toContain('Reroot-Change-Set: 1/1')
  expect(sandbox.forge.file(restarts)).toMatch(
    /workload: Deployment\/shop\/cart\n\s+delivery: owner[\s\S]*why: "?flux-system\/cart depends on mesh-ca-control-plane/,
  )
  expect(sandbox.forge.file(restarts)).toMatch(/workload: Deployment\/shop\/checkout\n\s+delivery: job/)
  expect(
    sandbox.forge.file('apps/cart/overlays/prod/mesh-ca-restart/kustomization.yaml').match(/g2-staged/g)?.length,
  ).toBeGreaterThanOrEqual(2)
})

test('owner for what a HelmRelease defines is refused, with what to do', async () => {
  const sandbox = await withConfig(['  delivery: auto', '  delivery: owner'])

  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['restart/owner', 'Deployment/istio-system/istiod', 'delivery owner is not possible'],
  })
})

test('at most one workload a wave, in a chain that keeps their order', async () => {
  const sandbox = await withConfig(
    ['  maxWorkloadsPerWave: 50', '  maxWorkloadsPerWave: 1'],
    ['  tiers: []', '  tiers: [{ name: money, namespaces: [ledger] }]'],
  )

  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  const chain = [...sandbox.forge.file(`${clusterFolder}/flux.yaml`).matchAll(/^ {2}name: (\S+)$/gm)].map(([, name]) => name)
  expect(chain).toEqual(
    ['entry-gate', 'cacerts', 'control-plane', 'gateways', 'default', 'default-2', 'default-3', 'default-4', 'default-5', 'money'].map(
      (name) => `mesh-ca-${name}`,
    ),
  )
  expect(sandbox.forge.file(restarts).match(/workload: /g)).toHaveLength(8)
})

test('namespaces that Git does not show are restarted by a Job with a shell', async () => {
  const sandbox = await withConfig(
    ['  namespaces: []\n  tiers', '  namespaces: [legacy]\n  tiers'],
    ['  shellImage: null', '  shellImage: registry.example.com/tools:1'],
  )

  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })
  // The entry gate of promote finishes what stage restarts, whatever the configuration says by then.
  const forgotten = [
    ['  namespaces: [legacy]\n  tiers', '  namespaces: []\n  tiers'],
    ['  shellImage: registry.example.com/tools:1', '  shellImage: null'],
  ] as const
  sandbox.forge.edit('mesh-ca/reroot.yaml', forgotten)
  await sandbox.refuses(['promote'], {
    exitCode: 3,
    code: 'REFUSED',
    says: ['restart/shell-image', /does not show in legacy needs an image with a shell/],
  })
  sandbox.git('pull', '--quiet')
  await sandbox.refuses(['render', '--out', '../rendered'], {
    exitCode: 2,
    code: 'CONFIG_INVALID',
    says: ['gates.shellImage is not set', 'legacy'],
  })
  sandbox.forge.edit(
    'mesh-ca/reroot.yaml',
    forgotten.map(([from, to]) => [to, from] as const),
  )
  sandbox.git('pull', '--quiet')
  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted')

  const files = sandbox.forge.files()
  const restart = [...files].flatMap(([path, bytes]) => (path.includes('-default/') ? [bytes.toString()] : [])).join('---\n')
  expect(restart).toContain('registry.example.com/tools:1')
  expect(restart).toContain('namespace: legacy')
  expect(sandbox.forge.file(restarts)).toContain('- legacy')
  expect([...files].some(([path, bytes]) => path.includes('/00-entry-gate/') && bytes.includes('namespace: legacy'))).toBe(true)
})

test('drain expire: only the control plane restarts, and the next step wants time or a word', async () => {
  const sandbox = await withConfig(
    ['promote: restart', 'promote: expire'],
    ['backdateMinutes: 60', 'backdateMinutes: 1440'],
    ['workloadCertificateHours: 24', 'workloadCertificateHours: 20'],
  )
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted', { environment: hoursAgo(23) })
  await sandbox.refuses(['retire'], { exitCode: 3, code: 'REFUSED', says: ['only time drains them', 'and 4 more'] })
  // The Job of stage's gate is still there when Flux has not got to promote yet.
  await sandbox.refuses(['retire', '--gate-passed', `prod=${new Date(Date.now() - 23.9 * 3_600_000).toISOString()}`], {
    exitCode: 2,
    code: 'USAGE',
    says: [/g2-promoted was committed at \S+, and its gates passed after that/, 'begins with mesh-ca-g2-promoted'],
  })
  await sandbox.does(['retire', '--gate-passed', `prod=${new Date(Date.now() - 22 * 3_600_000).toISOString()}`])

  const list = sandbox.forge.file(restarts)
  expect(list.match(/delivery: job/g)).toHaveLength(1)
  expect(list.match(/drain: expire/g)).toHaveLength(7)
})

test('a workload that is new since stage is in promote’s list; one that is gone drops out of its entry gate', async () => {
  const sandbox = await sandboxIn('staged')
  const ledger = sandbox.forge.file('apps/ledger/deployment.yaml')
  sandbox.forge.push({
    'apps/ledger/deployment.yaml': null,
    'apps/ledger/journal.yaml': ledger.replaceAll('name: ledger\n', 'name: journal\n').replace('namespace: journal', 'namespace: ledger'),
  })

  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted')

  const [entry, waves] = sandbox.forge.file(restarts).split('\nwaves:')
  expect(entry).not.toContain('Deployment/ledger/ledger')
  expect(entry).not.toContain('Deployment/ledger/journal')
  expect(waves).toContain('Deployment/ledger/journal')
})

test('a workload that is gone since the step was merged is taken out of its list by a pull request that says so', async () => {
  const sandbox = await sandboxIn('staged')
  sandbox.forge.push({
    'apps/ledger/deployment.yaml': sandbox.forge
      .file('apps/ledger/deployment.yaml')
      .replaceAll('name: ledger\n', 'name: journal\n')
      .replace('namespace: journal', 'namespace: ledger'),
  })

  const { stdout, stderr } = await sandbox.takes(['stage'], 'mesh-ca/g2-staged')

  expect(stderr).toContain('gone since g2-staged was merged, and taken out of its list: Deployment/ledger/ledger\n')
  expect(stdout).toContain('# take out of the frozen list of g2-staged what is gone: Deployment/ledger/ledger\n')
  expect(stdout).toContain('no certificate, no Secret and no phase changes')
  expect(stdout).toContain('Reroot-Id: g2-staged\n')
  expect(stdout).not.toContain('trust a new root')
  expect(sandbox.forge.file(restarts)).not.toContain('Deployment/ledger/ledger')
  expect((await sandbox.does(['stage'])).stderr).toContain('nothing to do')
})

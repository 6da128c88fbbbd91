import { expect, test } from 'vitest'
import { inside, preparedStates } from '../support/live-secret.ts'
import { Sandbox } from '../support/sandbox.ts'
import { opened } from '../support/sealed-secret.ts'
import { sandboxIn } from '../support/states.ts'

const clusters = ['prod-eu', 'prod-us'] as const
const liveOf = (cluster: string): string => `mesh-ca/clusters/${cluster}/cacerts/cacerts.sops.yaml`
const twoOfArgocd = { example: 'argocd', clusters } as const

test('a repository that none of the Applications names is refused, with those that they name', async () => {
  const sandbox = await Sandbox.make({
    ...twoOfArgocd,
    tree: {
      'argocd/apps/other.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: other, namespace: argocd }
spec:
  project: platform
  source: { repoURL: https://git.example.com/shop/other.git, path: apps/batch }
  destination: { name: prod-eu, namespace: other }
`,
    },
  })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['argocd/repository', 'https://git.example.com/shop/platform.git', 'https://git.example.com/shop/other.git', '--repo-url'],
  })
  await sandbox.does(sandbox.initArguments('--repo-url', 'git@git.example.com:shop/platform.git', '--dry-run'), { as: sandbox.operator })
})

test('an Application that would apply reroot’s folder as it is, and one whose rendered manifests are pushed, are refused', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const root = sandbox.forge.file('argocd/root.yaml')
  const refused = { as: sandbox.operator, exitCode: 3, code: 'CA_UNSUPPORTED' } as const

  sandbox.forge.push({ 'argocd/root.yaml': root.replace('path: argocd/apps\n', 'path: .\n    directory: { recurse: true }\n') })
  await sandbox.refuses(sandbox.initArguments(), { ...refused, says: ['argocd/swallowed', 'argocd/root.yaml'] })
  sandbox.forge.push({
    'argocd/root.yaml': root,
    'argocd/apps/hydrated.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: hydrated, namespace: argocd }
spec:
  project: platform
  sourceHydrator:
    drySource: { repoURL: https://git.example.com/shop/platform.git, targetRevision: main, path: mesh-ca/clusters/prod-eu }
    syncSource: { targetBranch: environments/eu, path: eu }
  destination: { name: prod-eu }
`,
  })
  await sandbox.refuses(sandbox.initArguments(), { ...refused, says: ['argocd/rendered', 'argocd/apps/hydrated.yaml'] })
})

test('init finds both clusters, and adds one Application for each where the app of apps picks it up', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const before = sandbox.forge.files()

  const { stdout, stderr } = await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator })

  const after = sandbox.forge.files()
  const changed = [...before].filter(([path, bytes]) => Buffer.compare(after.get(path) ?? Buffer.alloc(0), bytes) !== 0)
  expect(changed.map(([path]) => path)).toEqual(['.sops.yaml'])
  expect([...after.keys()].filter((path) => path.startsWith('argocd/') && !before.has(path))).toEqual([
    'argocd/apps/mesh-ca-prod-eu.yaml',
    'argocd/apps/mesh-ca-prod-us.yaml',
  ])
  expect(sandbox.forge.file('argocd/apps/mesh-ca-prod-eu.yaml')).toContain('    name: prod-eu\n  project: platform\n')
  expect(stdout).toContain('`argocd/root` picks up `argocd/apps/mesh-ca-prod-eu.yaml`')
  expect(stderr).toMatch(/cluster prod-eu: Argo CD applies to prod-eu .* in argocd/)
  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toContain('    paths: [argocd]')
})

test('one cluster alone: the other stays as it is', async () => {
  const sandbox = await sandboxIn('argocdFresh')

  await sandbox.takes(
    [
      ...sandbox
        .initArguments()
        .filter((word) => !word.startsWith('prod-us='))
        .join('\0')
        .replace('--cluster-recipient\0--operator', '--operator')
        .split('\0'),
      '--cluster',
      'prod-eu',
    ],
    'mesh-ca/init',
    { as: sandbox.operator },
  )
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  expect([...sandbox.forge.files().keys()].filter((path) => path.includes('prod-us'))).toEqual([])
  const pinned = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: pinned, namespace: argocd }
spec:
  project: platform
  source: { repoURL: https://git.example.com/shop/platform.git, path: apps/pinned, targetRevision: v1.0.0 }
  destination: { name: prod-eu, namespace: shop }
`
  sandbox.forge.push({
    'argocd/apps/pinned.yaml': pinned,
    'apps/pinned/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: pinned, namespace: shop }\n',
  })
  await sandbox.refuses(['promote'], {
    exitCode: 3,
    code: 'REFUSED',
    says: ['what only v1.0.0 has of Application argocd/pinned (argocd/revision), which no step restarts'],
  })
  await sandbox.does(['promote', '--confirmed', 'restarted by hand', '--dry-run'])
  sandbox.forge.push({ 'argocd/apps/pinned.yaml': pinned.replace('v1.0.0', 'main') })

  // One cluster, all restarts by Jobs: the entry gate's word is enough.
  await sandbox.takes(['promote'], 'mesh-ca/g2-promoted')
})

test('stage in both clusters: every state is sealed with its sync wave and its protections, and auto is always a Job', async () => {
  const sandbox = await sandboxIn('argocd')
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  for (const cluster of clusters) {
    expect(preparedStates(sandbox, cluster)).toEqual(['g1-steady', 'g2-promoted', 'g2-staged', 'g2-steady'])
    const paths = [
      liveOf(cluster),
      ...preparedStates(sandbox, cluster).map((state) => `mesh-ca/clusters/${cluster}/prepared/${state}.sops.yaml`),
    ]
    for (const path of paths) {
      const { metadata } = await opened(sandbox.forge.files().get(path) ?? Buffer.alloc(0), path, sandbox.cluster)
      expect(metadata.annotations, path).toMatchObject({
        'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false,ServerSideApply=true',
        'argocd.argoproj.io/sync-wave': '1',
      })
    }
    const restarts = sandbox.forge.file(`mesh-ca/clusters/${cluster}/restarts.yaml`)
    expect(new Set(restarts.match(/delivery: \w+/g))).toEqual(new Set(['delivery: job']))
    expect(restarts).toContain('do not wait for each other, so only a Job keeps the order')
  }
  await sandbox.refuses(['promote'], { exitCode: 3, code: 'REFUSED', says: ['prod-eu: the mesh has other clusters'] })

  for (const cluster of clusters) expect(await inside(sandbox, liveOf(cluster))).toMatchObject({ state: 'g2-staged', problems: [] })
})

test('a project that does not allow what reroot applies stops a step before anything is made', async () => {
  const sandbox = await sandboxIn('argocd')
  const project = sandbox.forge.file('argocd/apps/project.yaml')
  const refused = { as: sandbox.operator, exitCode: 3, code: 'REFUSED' } as const

  sandbox.forge.push({
    'argocd/apps/project.yaml': project.replace(
      "    - name: prod-us\n      namespace: '*'\n",
      "    - name: prod-us\n      namespace: istio-*\n    - name: prod-us\n      namespace: '!payments'\n",
    ),
  })
  await sandbox.refuses(['stage'], {
    ...refused,
    says: ['argocd/project', 'not the namespaces ledger, monitoring, payments, shop of prod-us', 'argocd/apps/project.yaml'],
  })
  sandbox.forge.push({
    'argocd/apps/project.yaml': project,
    'argocd/config/argocd-cm.yaml': sandbox.forge.file('argocd/config/argocd-cm.yaml').replace(' --enable-exec', ''),
  })
  await sandbox.refuses(['stage'], { ...refused, says: ['argocd/build-options', '--enable-exec'] })
  sandbox.forge.push({
    'argocd/config/argocd-cm.yaml': sandbox.forge
      .file('argocd/config/argocd-cm.yaml')
      .replace('--enable-alpha-plugins', '--enable-alpha-plugins --enable-exec'),
    'argocd/apps/mesh-ca-prod-us.yaml': null,
  })
  await sandbox.refuses(['stage'], { ...refused, says: ['restart/unregistered', 'argocd/mesh-ca-prod-us'] })
})

test('owners under Argo CD: an overlay and plain YAML, each in the pull request of its wave', async () => {
  const sandbox = await sandboxIn('argocd')
  sandbox.forge.edit('mesh-ca/reroot.yaml', [
    [
      '  rules: []',
      '  rules:\n    - { match: Deployment/shop/cart*, clusters: [prod-eu], delivery: owner }\n    - { match: Deployment/ledger/*, delivery: owner }',
    ],
    ['  tiers: []', '  tiers: [{ name: money, namespaces: [ledger, payments] }]'],
  ])

  await sandbox.does(['stage', '--stack'], { as: sandbox.operator })

  const branches = sandbox.forge.branches().filter((name) => name.startsWith('mesh-ca/g2-staged'))
  expect(branches).toEqual(['mesh-ca/g2-staged', 'mesh-ca/g2-staged-2-wave-default', 'mesh-ca/g2-staged-3-wave-money'])
  const component = 'apps/cart/overlays/eu/mesh-ca-restart/kustomization.yaml'
  expect(sandbox.forge.files('mesh-ca/g2-staged').has(component)).toBe(false)
  expect(sandbox.forge.file(component, 'mesh-ca/g2-staged-2-wave-default').match(/name: cart\S*/g)).toEqual([
    'name: cart',
    'name: cart-worker',
  ])
  expect(sandbox.forge.file('apps/ledger/deployment.yaml', 'mesh-ca/g2-staged-3-wave-money')).toContain('reroot.dev/rotation: g2-staged')
})

import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Sandbox } from '../support/sandbox.ts'
import { laidOutCa, sealed, secretOf } from '../support/sealed-secret.ts'
import { sandboxIn } from '../support/states.ts'
import { twoClusters } from '../support/two-clusters.ts'

const istioUs = 'argocd/apps/istio-us.yaml'
const repoURL = 'https://git.example.com/shop/platform.git'
const sealedValue = 'ENC[AES256_GCM,data:c2hvcA==,iv:aXY=,tag:dGFn,type:str]'

const application = (name: string, path: string, destination = '{ name: prod-us }'): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: platform
  source: { repoURL: ${repoURL}, targetRevision: main, path: ${path} }
  destination: ${destination}
`

const applicationSet = (generator: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: istio-us, namespace: argocd }
spec:
  goTemplate: true
  generators:
    - ${generator}
  template:
    metadata: { name: 'istiod-{{ .cluster }}' }
    spec:
      project: platform
      source: { repoURL: https://istio-release.storage.googleapis.com/charts, chart: istiod, targetRevision: 1.30.3 }
      destination: { name: '{{ .cluster }}', namespace: istio-system }
`

/** `init` of `prod-eu`, whatever becomes of `prod-us`. */
const initOfEu = (sandbox: Sandbox): string[] => [
  ...['init', '--mesh', 'shop', '--from', '../certs', '--cluster-recipient', `prod-eu=${sandbox.cluster.recipient}`],
  ...['--operator', sandbox.operator.recipient, '--custodian', sandbox.custodian.recipient],
]

test.each([
  [
    'is no YAML',
    { [istioUs]: 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: istiod-us\n' },
    [`${istioUs}:`, 'yaml/syntax'],
  ],
  [
    'is sealed as a whole',
    { [istioUs]: `apiVersion: ${sealedValue}\nkind: ${sealedValue}\nspec: ${sealedValue}\nsops: {mac: x}\n` },
    [`${istioUs}:1`, 'workloads/sealed-object'],
  ],
  [
    'has a sealed spec',
    {
      [istioUs]: application('istiod-us', sealedValue, `{ name: "${sealedValue}" }`)
        .replace('path: ENC', 'path: "ENC')
        .replace('str] }', 'str]" }')
        .concat('sops: {mac: x}\n'),
    },
    [`${istioUs}:`, 'workloads/sealed-object'],
  ],
  ['names a folder that is missing', { [istioUs]: application('istiod-us', 'infra/istio-us') }, [`${istioUs}:`, 'argocd/path-missing']],
  [
    'names a kustomization that is broken',
    { [istioUs]: application('istiod-us', 'infra/us'), 'infra/us/kustomization.yaml': 'resources: [istiod.yaml\n' },
    ['infra/us/kustomization.yaml:', 'yaml/syntax'],
  ],
  [
    'is an ApplicationSet that asks a forge',
    { [istioUs]: applicationSet('scmProvider: { github: { organization: shop } }') },
    [`${istioUs}:`, 'argocd/generator'],
  ],
  [
    'is an ApplicationSet with a file of parameters that is broken',
    { [istioUs]: applicationSet(`git: { repoURL: ${repoURL}, files: [{ path: fleet/*.yaml }] }`), 'fleet/us.yaml': 'cluster: [\n' },
    [`${istioUs}:`, 'argocd/generator', 'fleet/us.yaml'],
  ],
  [
    'is an ApplicationSet with a file of parameters that is sealed',
    {
      [istioUs]: applicationSet(`git: { repoURL: ${repoURL}, files: [{ path: fleet/*.yaml }] }`),
      'fleet/us.yaml': `cluster: ${sealedValue}\nsops: {mac: x}\n`,
    },
    [`${istioUs}:`, 'workloads/sealed-object'],
  ],
])('a cluster of Argo CD whose definition %s: init stops', async (_, tree, says) => {
  const sandbox = await sandboxIn('argocdFresh')
  sandbox.forge.push(tree)

  await sandbox.refuses(initOfEu(sandbox), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['a cluster may be missing', ...says, '--cluster prod-eu'],
  })
})

test('unless people say which clusters the mesh has', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  sandbox.forge.push({ [istioUs]: application('istiod-us', 'infra/istio-us') })

  const { stdout } = await sandbox.does([...initOfEu(sandbox), '--cluster', 'prod-eu', '--dry-run'], { as: sandbox.operator })

  expect(stdout).toContain('argocd/path-missing')
})

const syncOfUs = 'clusters/prod-us/flux-system/gotk-sync.yaml'

test.each([
  ['is no YAML', (text: string) => `${text}  oops: [\n`, [`${syncOfUs}:`, 'yaml/syntax']],
  [
    'is sealed',
    (text: string) => `${text.replace('path: ./clusters/prod-us', `path: ${sealedValue}`)}sops: {mac: x}\n`,
    [`${syncOfUs}:`, 'workloads/sealed-object'],
  ],
  [
    'names a folder that is missing',
    (text: string) => text.replace('./clusters/prod-us', './clusters/prod-usa'),
    [`${syncOfUs}:`, 'flux/path-missing'],
  ],
  [
    'reads a source that Git does not show',
    (text: string) => text.replace(/^apiVersion: source[\s\S]*?---\n/m, ''),
    [`${syncOfUs}:`, 'flux/source-missing'],
  ],
] as const)('a cluster of Flux whose sync %s: init stops', async (_, edit, says) => {
  const sandbox = await twoClusters()
  sandbox.forge.push({ [syncOfUs]: edit(sandbox.forge.file(syncOfUs)) })

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['a cluster may be missing', ...says, '--cluster prod'],
  })
})

test('what people write for other repositories and other clusters stops nothing', async () => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.push({
    'apps/podinfo.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: podinfo, namespace: flux-system }
spec: { url: https://github.com/stefanprodan/podinfo, ref: { branch: master } }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: podinfo, namespace: flux-system }
spec: { path: ./kustomize, sourceRef: { kind: GitRepository, name: podinfo } }
`,
    'charts/apps/Chart.yaml': 'apiVersion: v2\nname: apps\nversion: 1.0.0\n',
    'charts/apps/templates/app.yaml': 'apiVersion: kustomize.toolkit.fluxcd.io/v1\n{{- if .Values.x }}\nkind: [\n{{ end }}\n',
  })

  await sandbox.does(sandbox.initArguments('--dry-run'), { as: sandbox.operator })
})

test('what Applications for other clusters take from elsewhere stops nothing', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const staging = '{ name: staging, namespace: tools }'
  sandbox.forge.push({
    'argocd/apps/tools.yaml': [
      application('runners', 'deploy', staging).replace('shop/platform', 'shop/runners'),
      application('crossplane', 'apps/crossplane', staging),
    ].join('---\n'),
    'apps/crossplane/kustomization.yaml': 'resources: [https://github.com/crossplane/crossplane//cluster?ref=v2]\n',
  })

  const { stderr } = await sandbox.does(sandbox.initArguments('--dry-run'), { as: sandbox.operator })

  expect(stderr).toContain('left out: staging (argocd/apps/tools.yaml:')
})

test('clusters without a control plane are left out, and said to be, in the output and in the pull request', async () => {
  const sandbox = await sandboxIn('argocdFresh')

  const { stdout, stderr } = await sandbox.does(sandbox.initArguments('--dry-run'), { as: sandbox.operator })

  expect(stderr).toMatch(
    /left out: https:\/\/kubernetes\.default\.svc \(argocd\/apps\/argocd-config\.yaml:\d+\): no Application .* installs an istiod there/,
  )
  expect(stdout).toMatch(/### Left out\n\n- `https:\/\/kubernetes\.default\.svc` \(`argocd\/apps\/argocd-config\.yaml:\d+`\)/)
})

test('what Git does not show of a namespace: init says which field stage needs, and that nobody can accept its lack', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const cache = (region: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: cache-${region}, namespace: argocd }
spec:
  project: platform
  source: { repoURL: https://charts.example.com, chart: redis, targetRevision: 1.0.0 }
  destination: { name: prod-${region}, namespace: payments }
`
  sandbox.forge.push({ 'argocd/apps/cache.yaml': `${cache('eu')}---\n${cache('us')}` })

  const { stdout, stderr } = await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator })
  const refused = await sandbox.refuses(['stage'], { as: sandbox.operator, exitCode: 3, code: 'REFUSED', says: ['gates.shellImage'] })

  expect(stderr.match(/restart\/shell-image/g)).toHaveLength(1)
  expect(stderr).toMatch(/error: prod-eu, prod-us mesh-ca\/reroot\.yaml gates\.shellImage: .*payments/)
  expect(stdout).toMatch(/blocks `stage`\*\* prod-eu, prod-us: `mesh-ca\/reroot\.yaml`, gates\.shellImage: .*Set gates\.shellImage/i)
  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toMatch(/shellImage: null # set it before `reroot stage`/)
  for (const text of [stderr, refused.stderr]) expect(text).not.toContain('accept')
})

test.each([
  ['a tag', 'tag: v1.2.3', 'the tag v1.2.3'],
  ['a range of versions', 'semver: ">=1.0.0"', 'the newest tag of >=1.0.0'],
  ['a commit', 'commit: 0123456789abcdef0123456789abcdef01234567', 'the commit 0123456789'],
  ['the name of a tag', 'name: refs/tags/v1.2.3', 'refs/tags/v1.2.3'],
])('a cluster whose Flux reads %s: no pull request would reach it', async (_, ref, says) => {
  const sandbox = await sandboxIn('fresh')
  sandbox.forge.edit('clusters/prod/flux-system/gotk-sync.yaml', [['branch: main', ref]])

  await sandbox.refuses(sandbox.initArguments(), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: [`clusters/prod/flux-system/gotk-sync.yaml:11`, 'flux/pinned', `found: ${says}`, 'spec.ref.branch'],
  })
})

test('Applications that are pinned to a tag with the name of a branch', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const tree = sandbox.forge.files()
  const pinned = [...tree].flatMap(([path, bytes]) =>
    /^argocd\/.*\.yaml$/.test(path) ? [[path, bytes.toString().replaceAll('targetRevision: main', 'targetRevision: spring-26')]] : [],
  )
  sandbox.forge.push(Object.fromEntries(pinned) as Record<string, string>)
  const refused = { as: sandbox.operator, exitCode: 3, code: 'REFUSED' } as const

  await sandbox.refuses(sandbox.initArguments(), {
    ...refused,
    exitCode: 4,
    code: 'GIT_FAILED',
    says: ['spring-26', 'neither a branch nor a tag', /argocd\/.*\.yaml:\d+/],
  })
  sandbox.forge.text('tag', 'spring-26', 'main')
  const { stderr } = await sandbox.refuses(sandbox.initArguments(), {
    ...refused,
    says: ['pinned to the tag spring-26', /argocd\/.*\.yaml:\d+/, 'targetRevision: main'],
  })

  expect(stderr).not.toContain('the branch spring-26')
})

test('an app of apps that is pinned: what it means, once for all clusters, and what to do', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  sandbox.forge.edit('argocd/root.yaml', [['targetRevision: main', 'targetRevision: v1.2.3']])

  const { stdout, stderr } = await sandbox.does(sandbox.initArguments('--dry-run'), { as: sandbox.operator })

  expect(stderr).toMatch(/argocd\/root\.yaml:\d+ Application argocd\/root: .* pinned to a tag or a commit[\s\S]*found: v1\.2\.3/)
  expect(stderr.match(/argocd\/revision/g)).toHaveLength(1)
  expect(stderr).not.toContain('restart its workloads')
  expect(stdout).toContain('**prod-eu**: nothing in Git picks up one more Application, so apply reroot’s once')
})

test('a Secret in place whose Application is pinned is never applied from the branch', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const file = 'infra/istio-ca/eu/cacerts.sops.yaml'
  sandbox.forge.push({
    'argocd/apps/istio-ca.yaml': application('istio-ca-eu', 'infra/istio-ca/eu', '{ name: prod-eu }').replace(
      'targetRevision: main',
      'targetRevision: v1.2.3',
    ),
    'infra/istio-ca/eu/kustomization.yaml': 'generators: [ksops.yaml]\n',
    'infra/istio-ca/eu/ksops.yaml':
      'apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: { name: istio-ca, annotations: { config.kubernetes.io/function: "exec: { path: ksops }" } }\nfiles: [./cacerts.sops.yaml]\n',
    [file]: await sealed(secretOf(laidOutCa(sandbox, 'prod-eu')), file, [sandbox.cluster.recipient, sandbox.operator.recipient]),
  })

  await sandbox.refuses(['init', '--mesh', 'shop', '--cluster', 'prod-eu', '--custodian', sandbox.custodian.recipient], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: ['ca/cacerts', 'v1.2.3', 'argocd/istio-ca-eu', 'let it follow the branch'],
  })
})

const byServer = (text: string): string =>
  text
    .replaceAll('name: prod-us', 'server: https://0A1B2C3D.gr7.us-east-1.eks.amazonaws.com')
    .replaceAll("name: 'prod-{{ .path.basename }}'", 'name: prod-eu')

test('a name that was made of a server’s address is said to be one, and --name gives another', async () => {
  const sandbox = await sandboxIn('argocdFresh')
  const tree = sandbox.forge.files()
  const apps = [...tree].flatMap(([path, bytes]) => (/^argocd\/apps\/.*\.yaml$/.test(path) ? [[path, byServer(bytes.toString())]] : []))
  sandbox.forge.push(Object.fromEntries(apps) as Record<string, string>)
  const server = 'https://0A1B2C3D.gr7.us-east-1.eks.amazonaws.com'
  const recipients = ['--cluster-recipient', `prod-us=${sandbox.cluster.recipient}`]
  const named = [...initOfEu(sandbox), ...recipients, '--name', `${server}=prod-us`]

  await sandbox.refuses([...initOfEu(sandbox), '--from', `0a1b2c3d=../certs/prod-us`, '--name', 'nobody=prod-us'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['--name nobody=prod-us', 'no such cluster', `0a1b2c3d (${server})`],
  })
  await sandbox.refuses([...initOfEu(sandbox), '--name', '0a1b2c3d=Prod US'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['--name "Prod US"', 'DNS-1123 label'],
  })
  await sandbox.refuses([...initOfEu(sandbox), '--name', '0a1b2c3d=prod-eu'], {
    as: sandbox.operator,
    exitCode: 2,
    code: 'USAGE',
    says: ['two clusters would be called prod-eu'],
  })
  const folderless = await sandbox.refuses(initOfEu(sandbox), {
    as: sandbox.operator,
    exitCode: 3,
    code: 'CA_UNSUPPORTED',
    says: ['does not hold the CA of 0a1b2c3d', `note: the name 0a1b2c3d was made of the server's address`, `--name ${server}=NAME`],
  })
  expect(folderless.stderr.indexOf('note: the name')).toBeLessThan(folderless.stderr.indexOf('error: '))
  const unnamed = await sandbox.does(
    [
      ...initOfEu(sandbox),
      '--from',
      '0a1b2c3d=../certs/prod-us',
      '--cluster-recipient',
      `0a1b2c3d=${sandbox.cluster.recipient}`,
      '--dry-run',
    ],
    { as: sandbox.operator },
  )
  const { stderr } = await sandbox.takes(named, 'mesh-ca/init', { as: sandbox.operator })

  expect(unnamed.stderr).toContain(
    `the name 0a1b2c3d was made of the server's address; choose another before the merge: --name ${server}=NAME`,
  )
  expect(unnamed.stdout).toContain(`--name ${server}=NAME`)
  expect(stderr).toContain('cluster prod-us: ')
  expect(stderr).not.toContain('0a1b2c3d')
  expect(sandbox.forge.file('argocd/apps/mesh-ca-prod-us.yaml')).toContain(`server: "${server}"`)
  expect([...sandbox.forge.files().keys()].filter((path) => path.includes('0a1b2c3d'))).toEqual([])
})

test('--name and --cluster work together, also for Flux', async () => {
  const sandbox = await twoClusters()
  const args = ['init', '--mesh', 'shop', '--from', '../certs/prod', '--cluster-recipient', `live=${sandbox.cluster.recipient}`]

  await sandbox.takes([...args, '--operator', sandbox.operator.recipient, '--name', 'prod=live', '--cluster', 'live'], 'mesh-ca/init', {
    as: sandbox.operator,
  })

  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toMatch(/name: live\n {4}paths: \[clusters\/prod\]/)
  expect((await sandbox.does(['status'])).stdout).toMatch(/live\s+steady/)
})

test('keys that lie in the clone are warned of, and all are to be deleted in the end', async () => {
  const sandbox = await sandboxIn('fresh')
  cpSync(sandbox.certs, join(sandbox.clone, 'certs'), { recursive: true })
  const inside = sandbox.initArguments().map((word) => (word === '../certs' ? 'prod=certs' : word))
  const warning = 'warning: certs lies in this clone, with a private key in the clear'

  const dry = await sandbox.does([...inside, '--dry-run'], { as: sandbox.operator })
  const { stderr } = await sandbox.does(sandbox.initArguments(), { as: sandbox.operator })

  expect(dry.stderr).toContain(warning)
  expect(dry.stderr).not.toContain('delete the keys')
  expect(stderr).toContain('note: delete the keys in ../certs once this is merged')
  expect(stderr).not.toContain('lies in this clone')
})

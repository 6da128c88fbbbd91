import { expect, test } from 'vitest'
import { inside } from '../support/live-secret.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { laidOutCa, sealed, secretOf } from '../support/sealed-secret.ts'
import { sandboxIn } from '../support/states.ts'

const folder = 'infra/istio-ca/eu'
const live = `${folder}/cacerts.sops.yaml`
const stateFile = `${folder}/mesh-ca-state.yaml`
const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: istio-ca-eu, namespace: argocd }
spec:
  project: platform
  source: { repoURL: https://git.example.com/shop/platform.git, targetRevision: main, path: ${folder} }
  destination: { name: prod-eu, namespace: istio-system }
  syncPolicy: { automated: { prune: false } }
`
const ksops = `apiVersion: viaduct.ai/v1
kind: ksops
metadata:
  name: istio-ca
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: ksops
files: [./cacerts.sops.yaml]
`
const metadata = { name: 'cacerts', namespace: 'istio-system', annotations: { 'argocd.argoproj.io/sync-wave': '-3' } }

/** A team that keeps the CA of prod-eu in Git, unsealed by KSOPS in an Application of its own. */
async function inPlace(
  kustomization = '# the CA of the mesh\ngenerators: [ksops.yaml]\n',
  more: Readonly<Record<string, string>> = {},
): Promise<Sandbox> {
  const sandbox = await sandboxIn('argocdFresh')
  sandbox.forge.push({
    'argocd/apps/istio-ca.yaml': application,
    [`${folder}/kustomization.yaml`]: kustomization,
    [`${folder}/ksops.yaml`]: ksops,
    [live]: await sealed(secretOf(laidOutCa(sandbox, 'prod-eu'), { metadata }), live, [
      sandbox.cluster.recipient,
      sandbox.operator.recipient,
    ]),
    ...more,
  })
  return sandbox
}

const init = (sandbox: Sandbox): string[] => ['init', '--mesh', 'shop', '--cluster', 'prod-eu', '--custodian', sandbox.custodian.recipient]

test.each([
  [
    'applied as it lies there, which Argo CD cannot unseal',
    'resources: [cacerts.sops.yaml]\n',
    {},
    ['ca/cacerts', 'no KSOPS generator unseals'],
  ],
  [
    'made by secretFrom, which keeps no file of its own for the object',
    undefined,
    {
      [`${folder}/ksops.yaml`]: ksops.replace(
        'files: [./cacerts.sops.yaml]',
        'secretFrom: [{ metadata: { name: cacerts }, files: [./a.enc] }]',
      ),
    },
    ['ca/cacerts', 'ksops secretFrom'],
  ],
  [
    'rendered by the source hydrator',
    undefined,
    {
      'argocd/apps/istio-ca.yaml': application.replace(
        /source: \{(.*), path: (.*) \}\n/,
        'sourceHydrator:\n    drySource: {$1, path: $2 }\n    syncSource: { targetBranch: environments/eu, path: ca }\n',
      ),
    },
    ['argocd/rendered', 'decrypted Secret cacerts'],
  ],
] as const)('init refuses a Secret that is %s', async (_, kustomization, more, says) => {
  const sandbox = await inPlace(kustomization, more)

  await sandbox.refuses(init(sandbox), { as: sandbox.operator, exitCode: 3, code: 'CA_UNSUPPORTED', says })
})

test('init leaves the Secret with its Application, and puts its state beside it, one sync wave later', async () => {
  const sandbox = await inPlace()
  const before = sandbox.forge.files().get(live)

  const { stdout } = await sandbox.takes(init(sandbox), 'mesh-ca/init', { as: sandbox.operator })

  expect(sandbox.forge.files().get(live)).toEqual(before)
  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toContain(`cacerts: { file: ${live}, managed: in-place }`)
  expect(sandbox.forge.file(`${folder}/kustomization.yaml`)).toMatch(
    /^# the CA of the mesh\ngenerators: \[ksops\.yaml\]\nresources:\n *- mesh-ca-state\.yaml\n$/,
  )
  expect(sandbox.forge.file(stateFile)).toMatch(/sync-wave: "-2"[\s\S]*state: g1-steady/)
  expect(stdout).toContain('stays where it is')
  expect(stdout).toContain(`Add the annotation with \`sops edit ${live}\``)
  expect(stdout).not.toContain('ksops and kustomize on its PATH')
})

test('stage and promote: the Secret and its state go first; the restarts wait for them in a pull request of their own', async () => {
  const sandbox = await inPlace()
  await sandbox.takes(init(sandbox), 'mesh-ca/init', { as: sandbox.operator })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])

  for (const [step, id, roots] of [
    ['stage', 'g2-staged', ['Root CA', 'shop root CA g2']],
    ['promote', 'g2-promoted', ['Root CA', 'shop root CA g2']],
  ] as const) {
    if (step !== 'stage') await sandbox.refuses([step], { exitCode: 3, code: 'REFUSED', says: ['another owner delivers the Secret'] })
    const word = step === 'stage' ? [] : ['--confirmed', 'looked at every proxy']
    const { stdout } = await sandbox.takes([step, ...word], `mesh-ca/${id}`, { as: step === 'stage' ? sandbox.operator : null })
    expect(stdout).toContain('argocd app get argocd/istio-ca-eu\n')
    expect(stdout).toContain('(`ca/pruned`)')
    expect(await inside(sandbox, live)).toMatchObject({ state: id, roots, problems: [] })
    expect(sandbox.forge.file(stateFile)).toMatch(new RegExp(`sync-wave: "-2"[\\s\\S]*state: ${id}`))

    await sandbox.takes([step], `mesh-ca/${id}-2-restarts`)
    const gate = sandbox.forge.file('mesh-ca/clusters/prod-eu/waves/00-entry-gate/gate.yaml')
    expect(gate).toContain(`--for=jsonpath={.data.state}=${id}`)
    expect(gate).toContain('argocd.argoproj.io/sync-wave: "0"')
  }
  expect([...sandbox.forge.files().keys()].filter((path) => path.startsWith('mesh-ca/clusters/prod-eu/cacerts'))).toEqual([])
})

test('one Application with the Secret, istiod and a workload in rising waves: their owner restarts them in one pull request', async () => {
  const pod = (name: string, namespace: string, wave: string, labels: string, container: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace}, annotations: { argocd.argoproj.io/sync-wave: "${wave}" } }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name}${labels} } }
    spec: { containers: [{ name: ${container}, image: "docker.io/istio/pilot:1.30.3" }] }
`
  const sandbox = await inPlace('generators: [ksops.yaml]\nresources: [istiod.yaml, shop.yaml]\n', {
    [`${folder}/istiod.yaml`]: pod('istiod', 'istio-system', '1', '', 'discovery'),
    [`${folder}/shop.yaml`]: pod('offers', 'shop', '2', '', 'app'),
    'argocd/apps/istio-eu.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: gone, namespace: argocd }\n',
    'argocd/apps/ledger.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: gone-too, namespace: argocd }\n',
  })
  await sandbox.takes(init(sandbox), 'mesh-ca/init', { as: sandbox.operator })
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  await sandbox.takes(['stage'], 'mesh-ca/g2-staged-2-restarts')

  const restarts = sandbox.forge.file('mesh-ca/clusters/prod-eu/restarts.yaml')
  expect(restarts).toMatch(/Deployment\/istio-system\/istiod\n +delivery: owner/)
  expect(restarts).toMatch(/Deployment\/shop\/offers\n +delivery: owner/)
  expect(restarts).toMatch(/Deployment\/shop\/cart\n +delivery: job/)
  expect(sandbox.forge.file(`${folder}/mesh-ca-restart/kustomization.yaml`).match(/name: \w+/g)).toEqual(['name: istiod', 'name: offers'])
})

import { expect, test } from 'vitest'
import { inside, liveFile } from '../support/live-secret.ts'
import { exampleTree } from '../support/example.ts'
import { Sandbox } from '../support/sandbox.ts'

/** The example of Flux, and beside it, in folders of their own, what Argo CD applies to a second cluster of the mesh. */
function mixedTree(): Record<string, string> {
  const text = (path: string): string => Buffer.from(exampleTree('argocd')[path] ?? '').toString('utf8')
  const inside = (content: string): string => content.replaceAll('infra/', 'us/infra/').replaceAll('apps/payments', 'us/apps/payments')
  const kept = Object.keys(exampleTree('argocd')).filter((path) => /^(infra|apps\/payments|argocd\/config)\//.test(path))
  return {
    ...Object.fromEntries(kept.map((path) => [path.startsWith('argocd/') ? path : `us/${path}`, text(path)])),
    'argocd/root.yaml': text('argocd/root.yaml'),
    ...Object.fromEntries(
      ['project', 'argocd-config', 'istio-us'].map((name) => [`argocd/apps/${name}.yaml`, inside(text(`argocd/apps/${name}.yaml`))]),
    ),
    'argocd/apps/us.yaml': ['us/infra/namespaces', 'us/apps/payments/overlays/us']
      .map(
        (path) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${path.split('/')[2] ?? ''}, namespace: argocd }
spec:
  project: platform
  source: { repoURL: https://git.example.com/shop/platform.git, targetRevision: HEAD, path: ${path} }
  destination: { name: prod-us }
  syncPolicy: { automated: {} }
`,
      )
      .join('---\n'),
  }
}

async function mixed(): Promise<Sandbox> {
  const sandbox = await Sandbox.make({ clusters: ['prod', 'prod-us'], tree: mixedTree() })
  const recipient = `prod-us=${sandbox.cluster.recipient}`
  await sandbox.takes(sandbox.initArguments('--cluster-recipient', recipient), 'mesh-ca/init', { as: sandbox.operator })
  return sandbox
}

const liveInUs = liveFile.replace('/prod/', '/prod-us/')

test('a cluster of Flux and one of Argo CD share a root: every step works on both at once, and each gets what its controller reads', async () => {
  const sandbox = await mixed()
  expect(sandbox.forge.file('mesh-ca/reroot.yaml')).toMatch(/name: prod\n[\s\S]*type: flux[\s\S]*name: prod-us\n[\s\S]*type: argocd/)
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])

  const { stdout } = await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  expect(stdout).toContain('flux --context prod get kustomizations -n flux-system')
  expect(stdout).toContain('argocd app get argocd/mesh-ca-prod-us')
  expect(stdout).toMatch(/Under Flux: a gate that does not pass[\s\S]*Under Argo CD: a gate that does not pass within 60 minutes/)
  const [flux, argocd] = ['prod', 'prod-us'].map((cluster) =>
    sandbox.forge.file(`mesh-ca/clusters/${cluster}/waves/01-control-plane/gate.yaml`),
  )
  expect(flux).toContain('kustomize.toolkit.fluxcd.io/substitute: disabled')
  expect(flux).not.toMatch(/argoproj|activeDeadlineSeconds/)
  expect(argocd).toMatch(/sync-wave: "4"[\s\S]*activeDeadlineSeconds: 3600/)
  expect(argocd).not.toContain('fluxcd')
  await sandbox.refuses(['promote'], {
    exitCode: 3,
    code: 'REFUSED',
    says: ['prod: the mesh has other clusters', 'prod-us: the mesh has other'],
  })
  await sandbox.takes(['promote', '--confirmed', 'both are through'], 'mesh-ca/g2-promoted')
  await sandbox.takes(['retire', '--confirmed', 'both are through'], 'mesh-ca/g2-steady')

  expect((await inside(sandbox)).rootCert).toBe((await inside(sandbox, liveInUs)).rootCert)
  expect(await inside(sandbox, liveInUs)).toMatchObject({ state: 'g2-steady', roots: ['shop root CA g2'], problems: [] })
})

test('merge: for what helm made by hand, in both clusters; each controller merges in its own words', async () => {
  const sandbox = await mixed()
  const stated = '    workloads: [{ workload: Deployment/edge/egress, role: gateway, selector: { app: egress } }]'
  const config = sandbox.forge
    .file('mesh-ca/reroot.yaml')
    .replace('algorithm: rsa-4096', 'algorithm: ecdsa-p256')
    .replaceAll(/ {4}workloads: \[\].*/g, stated)
  const rules = (match: string): string => config.replace('  rules: []', `  rules:\n    - { match: ${match}, delivery: merge }`)

  sandbox.forge.push({ 'mesh-ca/reroot.yaml': rules('Deployment/*/*') })
  await sandbox.refuses(['stage'], {
    as: sandbox.operator,
    exitCode: 3,
    code: 'REFUSED',
    says: ['restart/merge', 'HelmRelease istio-system/istiod', 'Application argocd/istiod-us', 'Kustomization flux-system/cart'],
  })
  sandbox.forge.push({ 'mesh-ca/reroot.yaml': rules('Deployment/edge/egress') })
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator })

  const [flux, argocd] = ['prod', 'prod-us'].map((cluster) =>
    sandbox.forge.file(`mesh-ca/clusters/${cluster}/waves/02-gateways/merge.yaml`),
  )
  expect(flux).toMatch(/fluxcd\.io\/ssa: Merge[\s\S]*matchLabels:\n +app: egress[\s\S]*reroot\.dev\/rotation: g2-staged/)
  expect(argocd).toMatch(/IgnoreExtraneous[\s\S]*Prune=false,Delete=false[\s\S]*reroot\.dev\/rotation: g2-staged/)
})

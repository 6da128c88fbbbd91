import { expect, test } from 'vitest'
import { layoutOf } from '../../../src/plan/index.ts'
import type { Base } from '../../../src/run/base.ts'
import { findClusters } from '../../../src/run/init/find.ts'
import { scaffoldOf } from '../../../src/run/init/scaffold.ts'
import { bootstrap, flux, helmRelease, yaml } from '../../workloads/flux-tree.ts'
import { filesOf } from '../../workloads/tree.ts'

const sops = { provider: 'sops' }
const named = (name: string): object => ({ decryption: { ...sops, secretRef: { name } } })

/** The Secret with age keys that init writes, beside Kustomizations that unseal. */
function ageKeySecret(recipients: readonly string[], ...others: readonly object[]): string | null | undefined {
  const kustomizations = others.map((spec, index) => flux(`apps-${index}`, './apps', spec))
  const istiod = helmRelease('istiod', 'istio-system', 'istiod')
  const files = filesOf({
    ...bootstrap,
    'clusters/prod/apps.yaml': yaml(...kustomizations, istiod),
    'apps/kustomization.yaml': 'resources: []\n',
  })
  const answers = { clusters: [], names: new Map(), istioVersion: null, istioNamespace: null, repoURL: null }
  const { clusters } = findClusters(files, 'mesh-ca', answers, { url: null, branch: 'main' })
  const scaffold = scaffoldOf({
    base: { remote: 'origin', branch: 'main' } as Base,
    layout: layoutOf('mesh-ca'),
    clusters,
    controllers: new Map([['prod', recipients]]),
    mesh: 'shop',
    extraRoots: [],
  })
  const controller = scaffold.clusters[0]?.controller
  return controller?.type === 'flux' ? controller.ageKeySecret : undefined
}

const kms = ['kms:arn:aws:kms:eu-west-1:1:key/a', 'gcp_kms:projects/p/keys/k']

// kustomize-controller looks for a Secret that is named before it asks any KMS, and gives up without it.
test.each([
  ['an age recipient, and nobody unseals', ['age1cluster'], [], 'sops-age'],
  ['an age recipient, and others unseal with the controller’s own identity', ['age1cluster'], [{ decryption: sops }], 'sops-age'],
  ['no recipient, since the Secret stays in place', [], [{ decryption: sops }], 'sops-age'],
  ['keys of clouds, and nobody unseals', kms, [], null],
  ['keys of clouds, and others unseal with the controller’s own identity', kms, [{ decryption: sops }], null],
  ['keys of clouds, and others name a Secret: it is there', kms, [{ decryption: sops }, named('keys')], 'keys'],
  ['a key of a cloud and an age recipient', [...kms, 'age1cluster'], [], 'sops-age'],
  ['a key of Vault’s, whose token is in the Secret', ['hc_vault:https://vault.example/v1/sops/keys/a'], [], 'sops-age'],
  ['an age recipient, and others name a Secret', ['age1cluster'], [{}, named('keys')], 'keys'],
] as const)('%s', (_, recipients, others, expected) => {
  expect(ageKeySecret(recipients, ...others)).toBe(expected)
})

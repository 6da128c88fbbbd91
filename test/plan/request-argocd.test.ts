import { describe, expect, test } from 'vitest'
import { applicationName, initRequest, pullRequest } from '../../src/plan/index.ts'
import type { ChangeSet, ClusterStory, InitStory } from '../../src/plan/index.ts'
import { decide } from '../../src/rotation/index.ts'
import type { RestartEntry } from '../../src/rotation/index.ts'
import { adopted, argocdConfig, factsOf, makeConfig, meshOf, merge, somebody, workloadOf } from '../support/mesh.ts'

type Controllers = Readonly<Record<string, ClusterStory['controller']>>

const [flux, argocd] = [makeConfig('', ['eu']), argocdConfig('', ['us'])].map(({ clusters }) => clusters[0]!.controller)
const mixed: Controllers = { eu: flux!, us: argocd! }
const both: Controllers = { asia: argocd!, us: argocd! }
const set: ChangeSet = { name: 'restarts', position: 1, of: 1, clusters: [], write: new Map(), remove: [] }

/** The text of `stage` in clusters, which restarts istiod and a workload in each. */
function stage(
  controllers: Controllers,
  changed: Partial<ChangeSet> = {},
  more = '',
  before: string | null = null,
  delivery?: 'merge',
): string {
  const facts = factsOf(Object.keys(controllers))
  const decision = decide('stage', facts, somebody, null)
  const workloads = [workloadOf('Deployment/istio-system/istiod', { role: 'control-plane' }), workloadOf('Deployment/shop/cart')]
  const after = merge(facts, decision, undefined, workloads)
  const clusters = after.clusters.map(({ record, restarts }, index): ClusterStory => ({
    name: record.cluster,
    move: decision.moves[index]!,
    record,
    restarts: {
      ...restarts!,
      waves: restarts!.waves.map((wave) => ({
        ...wave,
        restarts: wave.restarts.map((restart): RestartEntry => (delivery === undefined ? restart : { ...restart, delivery })),
      })),
    },
    istioNamespace: 'istio-system',
    controller: controllers[record.cluster]!,
    managed: 'own',
    secretOwner: null,
    outside: [],
    hasBarrier: false,
    multiRoot: false,
  }))
  const story = {
    decision,
    config: makeConfig(more),
    directory: 'mesh-ca',
    mesh: after.mesh,
    extraRoots: [],
    clusters,
    findings: [],
    issued: true,
  }
  return pullRequest(story, { ...set, clusters: Object.keys(controllers), ...changed }, 'mesh-ca/g2-staged', before).body
}

describe('a step’s pull request', () => {
  test('under Argo CD has no word of Flux’s, names every Application, and says how to go on after a gate that failed', () => {
    const text = stage(both, {}, 'gates: { deadlineMinutes: 90 }\n')

    expect(text).not.toMatch(/flux|Kustomization|link/i)
    for (const name of ['argocd/mesh-ca-asia', 'argocd/mesh-ca-us']) expect(text).toContain(`argocd app get ${name} --show-operation`)
    expect(text).toContain('A gate that does not pass within 90 minutes fails, and the sync with it')
    expect(text).toContain(
      'delete the failed Job, never one that still runs (`kubectl --context asia -n istio-system delete job NAME`, or `kubectl --context us -n istio-system delete job NAME`), and sync',
    )
    expect(text).toContain('istioctl --context CLUSTER proxy-config secret POD.NAMESPACE')
    expect(text).toContain('(`argocd app sync argocd/mesh-ca-asia --prune`, or of argocd/mesh-ca-us)')
    expect(text).toContain('`argocd app terminate-op argocd/mesh-ca-asia` ends it')
    expect(text).not.toContain('the gate tries again by itself')
  })

  test('names the context of every command for a cluster, since Argo CD may run in another one, and parts of a mesh have several', () => {
    const contextless = /^(kubectl|flux|istioctl) (?!--context)/m

    expect(stage({ us: argocd! })).not.toMatch(contextless)
    expect(stage({ us: argocd! })).toContain('`kubectl --context us -n istio-system delete job NAME`')
    expect(stage(mixed, { clusters: ['eu'] })).not.toMatch(contextless)
    expect(stage({ eu: flux! })).not.toContain('--context')
  })

  test('under Flux has no word of Argo CD’s: a gate tries again by itself', () => {
    const text = stage({ eu: flux! })

    expect(text).not.toMatch(/argo/i)
    expect(text).toContain('flux get kustomizations -n flux-system | grep mesh-ca')
    expect(text).toContain(
      'A gate that does not pass stops the waves after it; what was restarted keeps working. Mend the cause: the gate tries again',
    )
    expect(text).toContain('until all are Ready, pause what commits every few minutes, such as an image automation.')
  })

  test('for clusters of both says of each controller what holds under it', () => {
    const text = stage(mixed)

    expect(text).toContain('flux --context eu get kustomizations -n flux-system')
    expect(text).toContain('argocd app get argocd/mesh-ca-us --show-operation')
    for (const name of ['eu', 'us']) expect(text).toContain(`kubectl --context ${name} -n istio-system get jobs`)
    expect(text).not.toContain('mesh-ca-eu')
    expect(text).toContain('Under Flux: a gate that does not pass stops the waves after it')
    expect(text).toContain('Under Argo CD: a gate that does not pass within 60 minutes fails')
  })

  test('that holds only one of the clusters is about that one', () => {
    expect(stage(mixed, { clusters: ['us'] })).not.toMatch(/flux/i)
    expect(stage(mixed, { clusters: ['eu'] })).not.toMatch(/argo/i)
  })

  test('for a wave’s owners is merged after the wave before: a complete gate, or a link that is Ready', () => {
    const wave = { name: 'wave-default', position: 2, of: 2 }

    expect(stage({ us: argocd! }, wave, '', 'mesh-ca/g2-staged')).toContain(
      '**Merge this only after `mesh-ca/g2-staged` is merged and the gate of wave control-plane is complete: the gate of default waits for this pull request.**',
    )
    expect(stage({ eu: flux! }, wave, '', 'mesh-ca/g2-staged')).toContain(
      '**Merge this only after `mesh-ca/g2-staged` is merged and the link `mesh-ca-control-plane` is Ready: `mesh-ca-default` waits for this pull request.**',
    )
  })

  test('tells what is merged from what a Job restarts', () => {
    const merged = '1 workload restarted by a partial object beside whoever made them (`Deployment/shop/cart`)'

    expect(stage({ us: argocd! }, {}, '', null, 'merge')).toContain(`**Wave default**: ${merged}`)
    expect(stage({ us: argocd! })).not.toContain('partial object')
  })
})

describe('the pull request of init', () => {
  const story = (name: string, controller: InitStory['controller'], more: Partial<InitStory> = {}): InitStory => ({
    name,
    nameFrom: null,
    record: adopted(name),
    certChain: 'c4a1',
    managed: 'own',
    file: `mesh-ca/clusters/${name}/cacerts/cacerts.sops.yaml`,
    controller,
    registeredBy: null,
    istioNamespace: 'istio-system',
    recipients: ['age1cluster'],
    workloads: 3,
    ...more,
  })
  const bodyOf = (...clusters: readonly InitStory[]): string => bodyBeside([], clusters)
  const bodyBeside = (leftOut: Parameters<typeof initRequest>[0]['leftOut'], clusters: readonly InitStory[]): string =>
    initRequest({
      branch: 'mesh-ca/init',
      base: 'main',
      directory: 'mesh-ca',
      mesh: meshOf(1),
      clusters,
      custodians: ['age1custodian'],
      leftOut,
      findings: [],
      files: [],
    }).body

  test('under Argo CD has no word of Flux’s, and asks for nothing that is Flux’s', () => {
    const text = bodyOf(story('us', argocd!, { registeredBy: 'argocd/root' }))

    expect(text).not.toMatch(/flux|sops-age|agekey/i)
    expect(text).toContain('`argocd/root` picks up `argocd/mesh-ca-us.yaml`; the new Application `argocd/mesh-ca-us` unseals')
    expect(text).toContain('Argo CD never deletes a Secret that reroot delivers: it carries `Prune=false,Delete=false`.')
    expect(text).not.toContain('After the merge:')
  })

  test('names the context where people have several clusters before them, also such as were left out: an identity must not go to another', () => {
    expect(bodyOf(story('eu', flux!))).toContain('kubectl -n flux-system create secret generic')
    const beside = bodyBeside([{ cluster: 'staging', at: 'a.yaml:1', why: '--cluster does not name it' }], [story('eu', flux!)])
    expect(beside).toContain('kubectl --context eu -n flux-system create secret generic')
    expect(beside).not.toContain('kubectl -n')
  })

  test('asks for no Secret with keys where Flux unseals at a KMS', () => {
    const atKms = { ...flux!, ageKeySecret: null } as InitStory['controller']
    const text = bodyOf(story('eu', atKms))

    expect(text).not.toMatch(/create secret|sops-age|agekey|age identity/)
    expect(text).toContain('**eu**: its Flux unseals with its own identity (`ageKeySecret: null`), so kustomize-controller must be allowed')
  })

  test('says what the repo-server needs once for all its clusters, and once more for another Argo CD', () => {
    const other = { ...argocd!, namespace: 'argocd-2' }
    const text = bodyOf(story('asia', argocd!), story('us', argocd!), story('uk', other))

    expect(text.match(/unseals for [a-z, ]+:/g)).toEqual(['unseals for asia, us:', 'unseals for uk:'])
    expect(text.match(/--enable-alpha-plugins --enable-exec/g)).toHaveLength(2)
    expect(text).toContain('kubectl -n argocd-2 get configmap argocd-cm')
    expect(text.match(/get secret cacerts/g)).toHaveLength(12)
  })

  test('has every certificate of the Secret compared, in each cluster, with what was taken over', () => {
    const text = bodyOf(story('eu', flux!), story('us', argocd!))

    for (const name of ['eu', 'us']) {
      const line = (key: string, how = ''): string =>
        `kubectl --context ${name} -n istio-system get secret cacerts -o jsonpath='{.data.${key}\\.pem}' | base64 -d | ${how}sha256sum\n`
      const { intermediates, rootBundle } = adopted(name)
      expect(text).toContain(
        [
          'The three sums must be, in this order:\n',
          `1. \`${intermediates[0]!.certificate.fingerprint}\` (the intermediate)`,
          `2. \`${rootBundle}\` (the roots)`,
          '3. `c4a1` (the chain)\n',
          `\`\`\`sh\n${line('ca-cert', 'openssl x509 -outform der | ')}${line('root-cert')}${line('cert-chain')}\`\`\``,
        ].join('\n'),
      )
    }
  })

  test('has the rest of the Secret looked at, without its values: another key, a type, or immutability would show only after the merge', () => {
    const text = bodyOf(story('eu', flux!), story('us', argocd!))

    for (const name of ['eu', 'us'])
      expect(text).toContain(
        [
          'must be `["Opaque",false,["ca-cert.pem","ca-key.pem","cert-chain.pem","root-cert.pem"]]`:',
          '```sh',
          `kubectl --context ${name} -n istio-system get secret cacerts -o json | jq -c '[.type, .immutable // false, (.data | keys)]'`,
          '```',
          '',
          'If it prints something else, do not merge.',
        ].join('\n'),
      )
    expect(bodyOf(story('us', argocd!, { managed: 'in-place' }))).not.toContain('.immutable')
  })

  test('asks people to apply the Application where nothing in Git does, and only there', () => {
    const text = bodyOf(story('asia', argocd!, { registeredBy: 'argocd/root' }), story('us', argocd!))

    expect(text).toContain('**us**: somebody applies `argocd/mesh-ca-us.yaml` once (below)')
    const [, after] = text.split('After the merge:')
    expect(after).toContain('kubectl apply -f argocd/mesh-ca-us.yaml')
    expect(text.match(/kubectl apply/g)).toHaveLength(1)
  })

  test('for a Secret in place asks for no key, but still for the Application that holds the gates', () => {
    const inPlace = { managed: 'in-place', file: 'infra/cacerts.sops.yaml' } as const

    expect(bodyOf(story('us', argocd!, { ...inPlace, registeredBy: 'argocd/root' }))).toContain(
      'Nothing new: the Secret is unsealed as before.',
    )
    const text = bodyOf(story('us', argocd!, inPlace))
    expect(text).toContain(
      'Somebody applies `argocd/mesh-ca-us.yaml` once (below), with the new Application `argocd/mesh-ca-us`: the restarts',
    )
    expect(bodyOf(story('us', argocd!, { ...inPlace, registeredBy: 'argocd/root' }))).toContain(
      '`argocd/root` picks up `argocd/mesh-ca-us.yaml`, with the new Application `argocd/mesh-ca-us`: the restarts',
    )
    expect(bodyOf(story('eu', flux!, inPlace))).toContain(
      'Flux picks up `clusters/eu/mesh-ca.yaml`, with the new Kustomization `mesh-ca`: the restarts',
    )
    expect(text).toContain('kubectl apply -f argocd/mesh-ca-us.yaml')
    expect(text).not.toMatch(/repo-server|Before the merge:\n/)
    expect(text).toContain('The Secret stays with its owner.')
  })

  test('for clusters of both names both ways to keep the Secret, and what each needs', () => {
    const text = bodyOf(story('eu', flux!), story('us', argocd!, { registeredBy: 'argocd/root' }))

    expect(text).toContain('--from-file=mesh-ca.agekey=IDENTITY_FILE')
    expect(text).toContain('exec deploy/argocd-repo-server')
    expect(text).toContain('prune: disabled`. Argo CD never deletes')
    expect(text).toContain('- **eu**: Flux picks up `clusters/eu/mesh-ca.yaml`, unseals')
  })
})

test('an Application’s name is a label that Argo CD may use, for every cluster another', () => {
  const long = 'c'.repeat(62)

  expect(applicationName('prod')).toBe('mesh-ca-prod')
  for (const name of [long, `${long}d`, `${'c'.repeat(47)}-${'d'.repeat(15)}`])
    expect(applicationName(name)).toMatch(/^mesh-ca-[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
  expect(new Set([`${long}a`, `${long}b`].map(applicationName)).size).toBe(2)
  expect(applicationName(`${long}a`).length).toBeLessThanOrEqual(63)
})

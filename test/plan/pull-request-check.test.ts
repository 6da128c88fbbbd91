import { describe, expect, test } from 'vitest'
import type { ClusterStory } from '../../src/plan/index.ts'
import type { Testimony } from '../../src/rotation/index.ts'
import { argocdConfig, factsOf, nobody, now, somebody, takeAll } from '../support/mesh.ts'
import { notForZsh, shellBlocks } from '../support/shell-blocks.ts'
import { at, bodyOf, storyOf, whole } from '../support/stories.ts'

const argocd = argocdConfig().clusters[0]!.controller

/** The text of the change set of a Secret in place. */
const secretOf = (more: Partial<ClusterStory> = {}): string =>
  bodyOf(
    storyOf(factsOf(), 'stage', somebody, { managed: 'in-place', secretOwner: 'infra/istio-ca', ...more }),
    whole({ name: 'secret', of: 2 }),
  )

describe('what to look at', () => {
  const promoted = at('stage', 'promote')
  const breaks = '**This is the step that can break the mesh**'

  test('has every proxy looked at before the merge; no other step does, nor the waves of owners', () => {
    const body = bodyOf(storyOf(promoted, 'retire'))

    const [, checks] = body.split('### What to check')
    expect(checks).toContain(`${breaks}: from here on a workload whose certificate is not of g2 is rejected.`)
    expect(checks).toContain("awk '!/intermediate CA g2/ { print }")
    expect(bodyOf(storyOf(promoted, 'retire'), whole({ name: 'wave-default', of: 2 }))).not.toContain(breaks)
    expect(bodyOf(storyOf(promoted, 'demote'))).not.toContain(breaks)
  })

  test('promote has every proxy looked at for the root that it lets sign', () => {
    const [, checks] = bodyOf(storyOf(at('stage'), 'promote')).split('### What to check')

    expect(checks).toContain('**It rests on this, that every workload trusts g2**')
    const { subject } = at('stage').mesh.generations[1]!.certificate
    const pattern = `${subject.replaceAll('=', ' *= *').replaceAll(', ', ', *')}$`
    expect(subject).toContain('g2')
    expect(checks).toContain(`grep '^subject= *${pattern}' || echo none`)
    expect(checks).toContain(`awk '!/${pattern}/ { print } END { print NR, "proxies looked at" }'`)
    expect(bodyOf(storyOf(promoted, 'demote'))).not.toContain('It rests on this')
  })

  test('so may an abandon after a demote: what was promoted has signed', () => {
    const body = bodyOf(storyOf(at('stage', 'promote', 'demote'), 'abandon'))
    expect(body).toContain(`${breaks}: from here on a workload whose certificate is of g2 is rejected.`)
    // The CA that signs again was made by hand: its name says nothing of g1.
    expect(body).toContain("awk '/intermediate CA g2|  none$/ { print }")
    expect(bodyOf(storyOf(at('stage'), 'abandon'))).not.toContain(breaks)
    expect(bodyOf(storyOf(at('stage', 'promote', 'demote', 'abandon', 'stage'), 'abandon'))).not.toContain(breaks)
    // The record knows nothing of a promote that was reverted in Git.
    const past = { ids: ['g2-staged', 'g2-promoted'], reverted: 'g2-promoted', since: null }
    const facts = at('stage')
    const reverted = { ...facts, clusters: facts.clusters.map((cluster) => ({ ...cluster, past })) }
    expect(bodyOf(storyOf(reverted, 'abandon'))).toContain(breaks)
  })

  test('has the pods counted that run a proxy: istiod lists only those that are connected to it', () => {
    for (const body of [bodyOf(storyOf(at('stage'), 'promote')), bodyOf(storyOf(promoted, 'retire'))]) {
      expect(body).toContain(
        'This prints running pods whose proxy is not connected, and how many run:\n```sh\n{\n  istioctl proxy-status | awk',
      )
      expect(body).toContain('If either prints a proxy, or fewer were looked at than run, or none runs, do not merge')
    }
    expect(bodyOf(storyOf(factsOf(), 'stage'))).not.toContain('whose proxy is not connected')
  })

  test('shows what is not rolled out before every step that restarts: it would hold its wave', () => {
    const look = 'This prints what is not rolled out now; only what is in the list of restarts matters.'
    for (const body of [
      bodyOf(storyOf(factsOf(), 'stage')),
      bodyOf(storyOf(at('stage'), 'promote')),
      bodyOf(storyOf(promoted, 'retire')),
      bodyOf(storyOf(promoted, 'replace')),
      bodyOf(storyOf(promoted, 'demote')),
    ])
      expect(body.split('After the merge:')[0]).toContain(look)
    expect(secretOf()).not.toContain(look)
    expect(bodyOf(storyOf(factsOf(['prod', 'us']), 'stage'), whole({ clusters: [] }))).toContain(
      'for context in prod us; do\n  echo "$context:"\n  kubectl --context "$context" get deployments,',
    )
  })

  test('reminds of copies of the old root that no proxy of the mesh holds, while there is time', () => {
    const copies = (before: string): string =>
      `Whoever trusts g1 without a proxy of this mesh (a federated mesh, a partner’s gateway, a Job or a DestinationRule with a copy of the root) must trust g2 too before ${before} is merged.`

    expect(bodyOf(storyOf(factsOf(), 'stage'))).toContain(copies('`promote`'))
    expect(bodyOf(storyOf(at('stage'), 'promote'))).toContain(copies('this'))
    for (const body of [bodyOf(storyOf(promoted, 'retire')), bodyOf(storyOf(promoted, 'demote'))])
      expect(body).not.toContain('a partner’s gateway')
  })

  test('one workload is shown in full, in the cluster of its context', () => {
    const body = bodyOf(storyOf(at('stage'), 'promote'))

    expect(body).toContain(
      [
        'The roots that a workload trusts:',
        '```sh',
        'istioctl proxy-config secret POD.NAMESPACE -o json |',
        `  jq -r '.dynamicActiveSecrets[] | select(.name == "ROOTCA") | .secret.validationContext.trustedCa.inlineBytes' |`,
        '  base64 -d | openssl crl2pkcs7 -nocrl -certfile /dev/stdin | openssl pkcs7 -print_certs -noout |',
        "  grep '^subject'",
        '```',
        '',
        'Who has signed its certificate:',
        '```sh',
        'istioctl proxy-config secret POD.NAMESPACE -o json |',
        `  jq -r '.dynamicActiveSecrets[] | select(.name == "default") | .secret.tlsCertificate.certificateChain.inlineBytes' |`,
        '  base64 -d | openssl x509 -noout -issuer',
        '```',
      ].join('\n'),
    )
    const several = storyOf(factsOf(['prod', 'us']), 'stage')
    expect(bodyOf(several, whole({ clusters: [] }))).toContain('istioctl --context CLUSTER proxy-config secret POD.NAMESPACE')
    expect(bodyOf(several, whole({ clusters: ['us'] }))).toContain('istioctl --context us proxy-config secret POD.NAMESPACE')
  })

  test('looks in each of several clusters', () => {
    const several = takeAll(factsOf(['prod', 'us']), ['stage', 'promote'])

    const body = bodyOf(storyOf(several, 'retire'), whole({ clusters: [] }))

    expect(body).toContain('for context in prod us; do\n  istioctl --context "$context" proxy-status')
    expect(bodyOf(storyOf(several, 'retire'), whole({ clusters: ['us'] }))).toContain('istioctl --context us proxy-status')
  })

  test('has one block for what is expected of all clusters, and one for each kind of controller', () => {
    const story = storyOf(factsOf(['prod', 'us']), 'stage')
    const clusters = story.clusters.map((cluster, index) => (index === 0 ? cluster : { ...cluster, controller: argocd }))

    const [, after] = bodyOf({ ...story, clusters }, whole({ clusters: [] })).split('After the merge, in each cluster:\n\n')

    expect(after?.split('\n\nThe roots')[0]).toBe(`Every link of the chain becomes Ready, in order:
\`\`\`sh
flux --context prod get kustomizations -n flux-system | grep mesh-ca
\`\`\`

The Application goes on wave by wave, and is Synced and Healthy at the end:
\`\`\`sh
argocd app get argocd/mesh-ca-us --show-operation
\`\`\`

The Jobs of gates and restarts are all complete at the end:
\`\`\`sh
kubectl --context prod -n istio-system get jobs -l app.kubernetes.io/managed-by=reroot
kubectl --context us -n istio-system get jobs -l app.kubernetes.io/managed-by=reroot
\`\`\`

The state becomes \`g2-staged\`:
\`\`\`sh
kubectl --context prod -n istio-system get configmap mesh-ca-state -o jsonpath='{.data.state}'
kubectl --context us -n istio-system get configmap mesh-ca-state -o jsonpath='{.data.state}'
\`\`\``)
  })

  test('says what the lines print in front of them, and of ambient mode only where it is', () => {
    const plain = storyOf(promoted, 'retire')
    const clusters = plain.config.clusters.map((cluster) => ({ ...cluster, istio: { ...cluster.istio, ztunnel: '1.30.3' } }))
    const ambient = { ...plain, config: { ...plain.config, clusters } }

    const wanted = 'This prints what has no certificate of g2, and how many it has looked at'
    expect(bodyOf(plain)).toContain(`${wanted}:\n\`\`\`sh\n`)
    expect(bodyOf(ambient)).toContain(`${wanted}; the second half does the same for ztunnels:\n\`\`\`sh\n`)
  })

  test.each([
    ['an abandon after a demote', bodyOf(storyOf(at('stage', 'promote', 'demote'), 'abandon'))],
    ['a Secret that Flux delivers', secretOf()],
    ['a Secret that Argo CD delivers', secretOf({ controller: argocd })],
  ])('%s has no block that zsh reads in another way', (_, body) => {
    const blocks = shellBlocks(body)

    expect(blocks.length).toBeGreaterThan(1)
    expect(blocks.flatMap(notForZsh)).toEqual([])
  })

  test('calls it a fact that all have new certificates only where time has made it one', () => {
    const fact = 'Every workload has a certificate of g2 now, so g1 leaves'
    const duty = 'Every workload must have a certificate of g2 now: g1 leaves'
    const elapsed: Testimony = { confirmed: null, gatePassed: new Map([['prod', new Date(now.getTime() - 30 * 3_600_000)]]) }

    expect(bodyOf(storyOf(promoted, 'retire', elapsed))).toContain(fact)
    expect(bodyOf(storyOf(promoted, 'retire', somebody))).toContain(duty)
    expect(bodyOf(storyOf(promoted, 'retire', nobody, {}, 'it must go'))).toContain(duty)
  })
})

test('fingerprints are compared with what the pull request does not bring itself', () => {
  expect(bodyOf(storyOf(factsOf(), 'stage'))).toContain(
    'the fingerprints of the new certificates below against those that reroot printed when it made them, and all others against `mesh-ca/mesh.yaml` and each cluster’s `record.yaml` on `main`, not on this branch',
  )
  expect(bodyOf(storyOf(at('stage'), 'promote'))).toContain(
    'Before the merge: the lists at the end, of what restarts and what does not, and the fingerprints below against `mesh-ca/mesh.yaml`',
  )
})

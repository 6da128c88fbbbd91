import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/base/index.ts'
import { commitMessage, pullRequest, stepWords } from '../../src/plan/index.ts'
import type { ClusterStory, Story } from '../../src/plan/index.ts'
import { decide, steps } from '../../src/rotation/index.ts'
import type { Step } from '../../src/rotation/index.ts'
import { factsOf, intermediateOf, makeConfig, merge, nobody, rootOf, somebody, takeAll } from '../support/mesh.ts'
import { at, bodyOf, cart, istiod, storyOf, whole } from '../support/stories.ts'

test('title, base, trailers, and the same trailers in the body: squashing drops them from commits', () => {
  const request = pullRequest(storyOf(factsOf(), 'stage'), whole(), 'mesh-ca/g2-staged', null)

  expect(request).toMatchObject({ branch: 'mesh-ca/g2-staged', base: 'main', title: 'stage g2 in prod', mergeAfter: null })
  const trailers = 'Reroot-Step: stage\nReroot-Id: g2-staged\nReroot-Directory: mesh-ca\nReroot-Change-Set: 1/1 restarts'
  expect(request.body.endsWith(`\n\n${trailers}\n`)).toBe(true)
  expect(commitMessage(request, 'Trust it.')).toBe(`stage g2 in prod\n\nTrust it.\n\n${trailers}\n`)
})

test('a later change set says after which one it is merged, and where it stands', () => {
  const request = pullRequest(
    storyOf(at('stage'), 'promote'),
    whole({ name: 'wave-default', position: 2, of: 3 }),
    'mesh-ca/g2-promoted-2-wave-default',
    'mesh-ca/g2-promoted',
  )

  expect(request.title).toBe('promote g2 in prod (2/3 wave-default)')
  expect(request.body).toMatch(/^\*\*Merge this only after `mesh-ca\/g2-promoted` is merged/)
  expect(request.body).toContain('This is change set 2 of 3 (wave-default) of promote g2.')
  expect(request.mergeAfter).toBe('mesh-ca/g2-promoted')
})

describe('for every step', () => {
  const ways: Readonly<Partial<Record<Step, readonly Step[]>>> = {
    stage: [],
    promote: ['stage'],
    retire: ['stage', 'promote'],
    abandon: ['stage'],
    demote: ['stage', 'promote'],
    restore: ['stage', 'promote', 'retire'],
    replace: ['stage'],
  }

  test.each(Object.entries(ways) as [Step, readonly Step[]][])(
    '%s: says what happens, the way back, every fingerprint, and no secret',
    (step, before) => {
      const story = storyOf(at(...before), step)
      const body = bodyOf(story)

      for (const heading of [
        '### Phase',
        '### What happens in prod when this is merged',
        '### What to check',
        '### How to go back',
        '### Certificates',
      ])
        expect(body).toContain(heading)
      const [move] = story.decision.moves
      expect(body).toContain(`──${step}──▶  ${move!.to.phase} (signs ${move!.to.signer}, trusts`)
      expect(body).toContain(rootOf(move!.to.signer).certificate.fingerprint)
      expect(body).toContain(intermediateOf(move!.to.signer).fingerprint)
      expect(body).toContain('`mesh-ca/old.yaml` (removed)')
      expect(body).toContain(stepWords[step].back)
      expect(body).not.toMatch(/PRIVATE KEY|AGE-SECRET|undefined|(?<!dev\/)null|\[object/)
      expect(body).toContain(step === 'stage' ? 'New certificates were issued for this step.' : 'No certificate is new')
    },
  )

  test('there are words, in whole sentences', () => {
    for (const step of steps) {
      const { short, why, back } = stepWords[step]
      for (const text of [short, why({ signer: 'g1', other: 'g2', generation: 'g2', dropped: ['g1'], proven: true }), back])
        expect(text, step).toMatch(/^[A-Z*`g].*\.(\*\*)?$/)
    }
  })

  test('who is who: the sentence names the one that signs, and the other', () => {
    const first = (story: Story): string => bodyOf(story).split('\n')[0]!
    expect(first(storyOf(at('stage'), 'promote'))).toContain('From here on g2 signs workload certificates instead of g1.')
    expect(first(storyOf(at('stage', 'promote'), 'retire'))).toContain(
      'Every workload must have a certificate of g2 now: g1 leaves the bundle',
    )
    expect(first(storyOf(at('stage', 'promote'), 'demote'))).toContain('g1 signs again, g2 stays trusted')
    expect(first(storyOf(at('stage', 'promote', 'retire'), 'restore'))).toContain('g1 is trusted again beside g2')
    expect(first(storyOf(at('stage'), 'abandon'))).toContain('gives up the rotation to g2: only g1 is trusted again')
    expect(first(storyOf(factsOf(), 'replace'))).toContain('g2 signs and only g2 is trusted')
  })

  test('in `replace` nothing keeps working, and istiod alone holds the rest', () => {
    const [staged, replaced] = [bodyOf(storyOf(factsOf(), 'stage')), bodyOf(storyOf(factsOf(), 'replace'))]
    const words = ['what was restarted keeps working', 'holds its wave, and all waves after it']
    expect(words.filter((text) => staged.includes(text))).toEqual(words)
    expect(words.filter((text) => replaced.includes(text))).toEqual([])
    expect(replaced).toContain('An istiod that is not rolled out by then holds everything')
  })
})

describe('evidence and gates', () => {
  test('a person’s word, and a barrier that was overridden, stand in the text', () => {
    expect(bodyOf(storyOf(at('stage'), 'promote'))).toContain('- prod: a person’s word: seen with istioctl')
    const forced = bodyOf(storyOf(takeAll(factsOf(['prod', 'us']), ['stage']), 'promote', nobody, {}, 'the key leaks'))
    expect(forced).toContain('**forced**, against the barrier “')
    expect(forced).toContain('Reason: the key leaks')
    expect(bodyOf(storyOf(factsOf(), 'stage', nobody))).not.toContain('### Why the step before counts as complete')
  })

  test('the entry gate of a step, that of a way back, and none', () => {
    const byGate = merge(at('stage'), decide('promote', at('stage'), nobody, null), undefined, [istiod, cart])

    expect(bodyOf(storyOf(factsOf(), 'stage'))).toContain(
      '1. **Entry gate** holds everything until the cluster is in `g1-steady` and `istio-ca-root-cert` holds its roots everywhere.',
    )
    expect(bodyOf(storyOf(byGate, 'demote'))).toContain(
      '1. **Entry gate** lets a cluster pass that is in `g2-promoted`, or still in `g2-staged`; one that lags further behind it holds.',
    )
    expect(bodyOf(storyOf(at('stage', 'promote'), 'demote'))).not.toContain('Entry gate')
  })

  test('when istiod takes up a change: at once if the roots stay, and else by its restart, unless multi-root is on', () => {
    expect(bodyOf(storyOf(at('stage'), 'promote'))).toContain('The roots are the same, so istiod takes up the new signer by itself')
    expect(bodyOf(storyOf(factsOf(), 'stage'))).toContain('istiod does not act on new roots before its restart (multi-root is off).')
    expect(bodyOf(storyOf(factsOf(), 'stage', somebody, { multiRoot: true }))).toContain('istiod takes up the roots by itself')
  })

  test('a Secret in place, in its own change set, names no wave', () => {
    const body = bodyOf(storyOf(factsOf(), 'stage', somebody, { managed: 'in-place' }), whole({ name: 'secret', of: 2 }))

    expect(body).toContain(
      '1. The owner of the Secret applies `cacerts` and the ConfigMap `mesh-ca-state` (`g2-staged`). No restart is in this pull request.',
    )
    expect(body).not.toContain('Wave control-plane')
  })

  test('and says what istiod makes of it before the restarts, and where its owner is seen', () => {
    const secretOf = (step: Step, more: Partial<ClusterStory> = {}): string => {
      const facts = step === 'stage' ? factsOf() : at('stage')
      const story = { managed: 'in-place', secretOwner: 'infra/istio-ca', ...more } as const
      return bodyOf(storyOf(facts, step, somebody, story), whole({ name: 'secret', of: 2 }))
    }

    expect(secretOf('stage')).toContain('keep istiod from restarting by other causes until the next pull request is merged')
    expect(secretOf('stage', { multiRoot: true })).toContain('2. istiod takes up the roots by itself')
    expect(secretOf('promote')).toMatch(
      /2\. The roots are the same, so istiod takes up the new signer by itself.*From then on it signs with g2/,
    )
    expect(secretOf('promote')).not.toContain('keep istiod from restarting')
    expect(secretOf('stage')).toContain('The Kustomization `infra/istio-ca` applies')
    expect(secretOf('stage')).toContain('flux get kustomizations istio-ca -n infra\n')
    const argocd = { ...makeConfig().clusters[0]!.controller, type: 'argocd', namespace: 'argocd' } as unknown as ClusterStory['controller']
    const text = secretOf('stage', { controller: argocd })
    expect(text).toContain('The Application `infra/istio-ca` applies')
    expect(text).toContain('argocd app get infra/istio-ca\n')
    expect(text).not.toMatch(/mesh-ca-prod|get jobs|a gate that does not pass/i)
  })
})

test('what is worth knowing is said once, with the clusters where there are several, and only of those of the pull request', () => {
  const found = (cluster: string, file: string, found = 'x'): Finding => ({
    ...{ id: 'workloads/job', severity: 'warning', message: 'a Job', remedy: 'wait', found },
    place: { cluster, file, line: 3 },
  })
  const findings = [found('prod', 'a.yaml'), found('us', 'a.yaml'), found('prod', 'a.yaml', 'y'), found('us', 'b.yaml')]
  const story = { ...storyOf(factsOf(['prod', 'us']), 'stage'), findings }

  const body = bodyOf(story, whole({ clusters: [] }))

  expect(body.match(/^- .*\(`workloads\/job`\)$/gm)).toEqual([
    '- prod, us: `a.yaml:3`: a Job (`workloads/job`)',
    '- us: `b.yaml:3`: a Job (`workloads/job`)',
  ])
  expect(bodyOf(story, whole({ clusters: ['prod'] })).match(/^- .*\(`workloads\/job`\)$/gm)).toEqual([
    '- prod: `a.yaml:3`: a Job (`workloads/job`)',
  ])
})

test('titles name the root that is retired or restored; the text, all that are no longer trusted', () => {
  const titleOf = (step: Step, before: readonly Step[]): string =>
    pullRequest(storyOf(at(...before), step), whole(), 'mesh-ca/x', null).title

  expect(titleOf('retire', ['stage', 'promote'])).toBe('retire g1 in prod')
  expect(titleOf('restore', ['stage', 'promote', 'retire'])).toBe('restore g1 in prod')
  expect(titleOf('abandon', ['stage'])).toBe('abandon g2 in prod')
  expect(bodyOf(storyOf(at('stage'), 'replace'))).toContain('g1 and g2 are no longer trusted at the end.')
  expect(bodyOf(storyOf(factsOf(), 'replace'))).toContain('g1 is no longer trusted at the end.')
})

test('a pull request of one of several clusters is about that one alone', () => {
  const story = storyOf(factsOf(['prod', 'us']), 'stage')

  const { body } = pullRequest(story, whole({ position: 2, of: 2, clusters: ['us'] }), 'mesh-ca/x-2-restarts', 'mesh-ca/x')

  expect(body).toMatch(/^\*\*Merge this only after `mesh-ca\/x` is merged\.\*\*/)
  expect(body).toContain('### Phase\n\n```text\nus: steady')
  expect(body).not.toContain('prod: steady')
  const inPlace = storyOf(factsOf(['prod', 'us']), 'stage', somebody, { managed: 'in-place' })
  expect(
    pullRequest(inPlace, whole({ position: 4, of: 4, clusters: ['us'] }), 'mesh-ca/x-4-restarts', 'mesh-ca/x-3-restarts').body,
  ).toContain('is merged and the Secret has been applied in us.**')
})

test('one is not counted as several', () => {
  const only = merge(factsOf(), decide('stage', factsOf(), nobody, null), undefined, [istiod])
  const story = storyOf(factsOf(), 'stage', somebody, { restarts: only.clusters[0]!.restarts! })

  const body = bodyOf(story, whole({ remove: [] }))

  expect(body).toContain('The 1 workload of prod, wave by wave')
  expect(body).toContain('The 1 file of this change')
  expect(body).not.toMatch(/\b1 (workloads|files|namespaces|waves)\b/)
})

test('a wave whose workloads all expire has no gate, and nobody is told to wait for it', () => {
  const story = storyOf(factsOf(), 'stage')
  const [cluster] = story.clusters
  const { restarts } = cluster!
  const job = restarts.waves[0]!.restarts[0]!
  const waves = [
    { name: 'control-plane', restarts: [job], namespaces: [] },
    { name: 'default', restarts: [{ ...job, delivery: 'none' as const, drain: 'expire' as const }], namespaces: [] },
    { name: 'a'.repeat(60), restarts: [{ ...job, delivery: 'owner' as const }], namespaces: [] },
  ]
  const expiring = { ...story, clusters: [{ ...cluster!, restarts: { ...restarts, waves } }] }

  const body = bodyOf(expiring)
  const last = pullRequest(expiring, whole({ name: `wave-${'a'.repeat(60)}`, position: 2, of: 2 }), 'mesh-ca/x-2', 'mesh-ca/x').body

  expect(body).toContain('not restarted: their certificates expire (`Deployment/istio-system/istiod`). It has no gate.')
  expect(last).toMatch(/the link `mesh-ca-control-plane` is Ready: `mesh-ca-a+-[0-9a-f]{6}` waits for this pull request/)
})

test('clusters of one wave whose gates before it differ are told apart', () => {
  const story = storyOf(factsOf(['prod', 'us']), 'stage')
  const [prod, us] = story.clusters
  const waves = prod!.restarts.waves
  const job = waves[0]!.restarts[0]!
  const withGateways = (delivery: 'job' | 'none') => ({
    ...prod!.restarts,
    waves: [
      waves[0]!,
      { name: 'gateways', restarts: [{ ...job, delivery }], namespaces: [] },
      { name: 'default', restarts: [{ ...job, delivery: 'owner' as const }], namespaces: [] },
    ],
  })
  const differing = {
    ...story,
    clusters: [
      { ...prod!, restarts: withGateways('none') },
      { ...us!, restarts: withGateways('job') },
    ],
  }

  const { body } = pullRequest(differing, whole({ name: 'wave-default', position: 2, of: 2, clusters: [] }), 'mesh-ca/x-2', 'mesh-ca/x')

  expect(body.split('\n')[0]).toBe(
    '**Merge this only after `mesh-ca/x` is merged and the link `mesh-ca-control-plane` is Ready: `mesh-ca-default` waits for this pull request in prod, and the link `mesh-ca-gateways` is Ready: `mesh-ca-default` waits for this pull request in us.**',
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseDeliveries, controlPlaneKustomization } from '../../src/plan/index.ts'
import { missingControlPlane } from '../../src/plan/control-plane.ts'
import { formatWorkloadId } from '../../src/base/index.ts'
import type { Discovery, FluxKustomizationFacts, Owner, Workload } from '../../src/workloads/index.ts'
import { discoveryOf, makeConfig, workloadOf } from '../support/mesh.ts'

const anchor = `flux-system/${controlPlaneKustomization}`
const source = { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' }
const controller = (id: string, dependsOn: readonly string[] = [], more: Partial<FluxKustomizationFacts> = {}): FluxKustomizationFacts => {
  const [namespace = '', name = ''] = id.split('/')
  return {
    type: 'flux',
    id,
    name,
    namespace,
    site: { file: 'clusters/prod/apps.yaml', document: 0, line: 1 },
    path: `apps/${name}`,
    source,
    dependsOn,
    wait: true,
    suspended: false,
    decryption: null,
    ...more,
  }
}
const after = controller('flux-system/apps', [anchor])
const before = controller('flux-system/apps')

const yaml = workloadOf('Deployment/shop/cart')
const overlay: Owner = {
  kind: 'kustomize',
  controller: 'flux-system/apps',
  kustomization: 'apps/overlays/eu/kustomization.yaml',
  component: { name: 'cart', namespace: null },
}
const built = workloadOf('Deployment/shop/cart', { owner: overlay })
const release = workloadOf('Deployment/istio-system/istiod', {
  role: 'control-plane',
  owner: { kind: 'chart', controller: 'flux-system/apps', by: 'HelmRelease istio-system/istiod', chart: 'istiod' },
})

const choose = (more: string, discovery: Partial<Discovery>, step: Parameters<typeof chooseDeliveries>[3] = 'stage') => {
  const config = makeConfig(more)
  return chooseDeliveries(config, config.clusters[0]!, discoveryOf(discovery), step)
}
const rules = (rule: string, delivery = 'auto'): string => `restarts: { delivery: ${delivery}, rules: [${rule}] }\n`

describe('refused', () => {
  test('a cluster in which no istiod was found: nothing would take up the Secret', () => {
    const ids = (workloads: readonly Workload[]): readonly string[] => missingControlPlane(discoveryOf({ workloads })).map(({ id }) => id)

    expect(ids([yaml])).toEqual(['restart/control-plane'])
    expect(ids([yaml, release])).toEqual([])
  })

  test.each([
    [
      'owner, for a HelmRelease',
      'owner',
      release,
      'delivery owner is not possible: the HelmRelease istio-system/istiod of chart istiod defines it',
    ],
    [
      'owner, where a patch drops the annotation',
      'owner',
      { ...built, owner: { ...overlay, undeliverable: 'a patch removes it' } },
      'delivery owner is not possible: a patch removes it',
    ],
    [
      'owner, for an item of a List',
      'owner',
      { ...yaml, definition: { ...yaml.definition, item: 2 } },
      'delivery owner is not possible: it is an item of a List',
    ],
  ])('%s', (_, delivery, workload, message) => {
    const { findings } = choose(`restarts: { delivery: ${delivery} }\n`, { workloads: [workload], controllers: [after] })

    expect(findings).toMatchObject([
      {
        id: 'restart/owner',
        severity: 'error',
        message,
        place: { cluster: 'prod', file: workload.definition.file, line: 1, object: formatWorkloadId(workload.id) },
      },
    ])
  })

  test.each([
    ['paused', 'restart/paused', 'resume it, or add a rule with drain: expire and a reason, and replace its pods yourself'],
    ['on-delete', 'restart/on-delete', 'use RollingUpdate, or add a rule with drain: expire and a reason, and replace its pods yourself'],
    [
      'partition',
      'restart/partition',
      'set the partition to 0, or add a rule with drain: expire and a reason, and replace its pods yourself',
    ],
  ] as const)('a workload that is %s, unless a rule lets it expire', (hindrance, id, remedy) => {
    const workloads = [{ ...yaml, hindrance }]

    expect(choose('', { workloads }).findings).toMatchObject([{ id, severity: 'error', remedy }])
    expect(choose(rules('{ match: Deployment/shop/*, drain: expire, reason: later }'), { workloads }).findings).toEqual([])
  })

  test('a Job for a workload whose definition carries a restart: its owner would take it back', () => {
    const workloads = [{ ...yaml, carried: 'g2-staged' }]

    expect(choose('', { workloads, controllers: [before] }).findings).toMatchObject([
      { id: 'restart/carried', severity: 'error', found: 'reroot.dev/rotation: g2-staged' },
    ])
    expect(choose('', { workloads, controllers: [after] }).findings).toEqual([])
  })

  test('workloads that Git does not show in a meshed namespace that is not listed, and a listed one without a shell', () => {
    const opaque = [{ namespace: 'legacy', owner: 'HelmRelease legacy/erp', site: { file: 'apps/erp.yaml', document: 0, line: 7 } }]

    expect(choose('', { opaque }).findings).toMatchObject([
      {
        id: 'restart/unseen',
        severity: 'error',
        place: { cluster: 'prod', file: 'apps/erp.yaml', line: 7, object: 'HelmRelease legacy/erp' },
      },
    ])
    expect(choose('restarts: { namespaces: [legacy] }\n', { opaque }).findings).toMatchObject([
      { id: 'restart/shell-image', severity: 'error' },
    ])
    expect(choose('restarts: { namespaces: [legacy] }\ngates: { shellImage: x }\n', { opaque }).findings).toEqual([])
  })
})

describe('auto', () => {
  const delivered = (discovery: Partial<Discovery>): readonly (readonly [string, boolean, string])[] => {
    const { restarts, findings } = choose('', discovery)
    expect(findings).toEqual([])
    return restarts.map(({ delivery, ordered, why }) => [delivery, ordered, why])
  }

  test('is owner where the controller waits for the control plane, and says so', () => {
    const { restarts } = choose('', { workloads: [yaml, built], controllers: [after] })

    expect(restarts).toMatchObject([
      {
        delivery: 'owner',
        drain: 'restart',
        ordered: true,
        file: 'apps/cart.yaml',
        at: '/spec/template/metadata/annotations',
        why: 'flux-system/apps depends on mesh-ca-control-plane',
      },
      { delivery: 'owner', file: 'apps/overlays/eu/mesh-ca-restart/kustomization.yaml', at: '/patches' },
    ])
  })

  test.each([
    ['does not wait for the control plane', [before]],
    ['is not known', []],
    ['is suspended', [{ ...after, suspended: true }]],
    [
      'waits, over one that does not wait itself',
      [controller('flux-system/apps', ['flux-system/mid']), controller('flux-system/mid', [anchor], { wait: false })],
    ],
    [
      'waits, over one of another source',
      [
        controller('flux-system/apps', ['flux-system/mid']),
        controller('flux-system/mid', [anchor], { source: { ...source, name: 'other' } }),
      ],
    ],
    [
      'waits, over one that is suspended',
      [controller('flux-system/apps', ['flux-system/mid']), controller('flux-system/mid', [anchor], { suspended: true })],
    ],
    ['reads a source of another namespace', [controller('flux-system/apps', [anchor], { source: { ...source, namespace: 'apps' } })]],
    ['waits for itself', [controller('flux-system/apps', ['flux-system/apps'])]],
    ['waits in a ring', [controller('flux-system/apps', ['flux-system/mid']), controller('flux-system/mid', ['flux-system/apps'])]],
    ['waits for something of that name elsewhere', [controller('flux-system/apps', ['other/mesh-ca-control-plane'])]],
  ])('is a Job where the controller %s', (_, controllers) => {
    expect(delivered({ workloads: [yaml], controllers })).toEqual([
      ['job', false, 'flux-system/apps does not depend on mesh-ca-control-plane, so only a Job keeps the order'],
    ])
  })

  test('is owner over a chain of those that wait', () => {
    expect(
      delivered({
        workloads: [yaml],
        controllers: [controller('flux-system/apps', ['flux-system/x', 'flux-system/mid']), controller('flux-system/mid', [anchor])],
      }),
    ).toMatchObject([['owner', true, expect.any(String)]])
  })

  test('is owner at the end of a chain of thousands, and a Job in a ring that nothing orders', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => controller(`flux-system/k${index}`, [`flux-system/k${index + 1}`]))
    const ring = [controller('flux-system/apps', ['flux-system/b']), controller('flux-system/b', ['flux-system/apps'])]

    expect(
      choose('', {
        controllers: [controller('flux-system/apps', ['flux-system/k0']), ...chain, controller('flux-system/k20000', [anchor])],
        workloads: [yaml],
      }).restarts[0]?.delivery,
    ).toBe('owner')
    expect(choose('', { controllers: ring, workloads: [yaml] }).restarts[0]?.delivery).toBe('job')
  })

  test('is a Job where no owner can carry it, however ordered', () => {
    const workloads = [
      release,
      { ...built, owner: { ...overlay, undeliverable: 'a patch removes it' } },
      { ...yaml, definition: { ...yaml.definition, item: 0 } },
    ]

    expect(delivered({ workloads, controllers: [after] }).map(([delivery, , why]) => [delivery, why])).toEqual([
      ['job', expect.stringContaining('HelmRelease istio-system/istiod')],
      ['job', 'a patch removes it, so only a Job reaches it'],
      ['job', 'it is an item of a List, so only a Job reaches it'],
    ])
  })
})

describe('rules', () => {
  const wishes = (rule: string): readonly string[] =>
    choose(rules(rule), { workloads: [yaml], controllers: [after] }).restarts.map(({ delivery, why }) => `${delivery}: ${why}`)

  test.each([
    ['Deployment/shop/cart', true],
    ['Deployment/shop/*', true],
    ['Deployment/*/cart', true],
    ['*/shop/c*t', true],
    ['*/*/*', true],
    ['Deployment/shop/ca', false],
    ['Deployment/shop/cart2', false],
    ['StatefulSet/shop/cart', false],
    ['Deployment/shop/c.rt', false],
    ['Deployment/s*', null],
    ['Deployment/shop/+', false],
  ])('%s matches Deployment/shop/cart: %s', (match, matches) => {
    if (matches === null) expect(() => wishes(`{ match: ${match}, delivery: job }`)).toThrow('reroot.yaml has a problem')
    else
      expect(wishes(`{ match: "${match}", delivery: job, reason: because }`)).toEqual([
        matches ? 'job: because' : 'owner: flux-system/apps depends on mesh-ca-control-plane',
      ])
  })

  test('the first that matches wins, and one for another cluster does not match', () => {
    expect(wishes('{ match: Deployment/shop/cart, delivery: job, reason: first }, { match: "*/*/*", delivery: owner }')).toEqual([
      'job: first',
    ])
    const config = makeConfig(rules('{ match: "*/*/*", clusters: [us], delivery: job }'), ['prod', 'us'])
    const elsewhere = chooseDeliveries(config, config.clusters[0]!, discoveryOf({ workloads: [yaml], controllers: [after] }), 'stage')
    expect(elsewhere.restarts).toMatchObject([{ delivery: 'owner' }])
  })

  test('what expires is not restarted, with the person’s reason, or with the step’s drain', () => {
    expect(wishes('{ match: "*/*/*", drain: expire, reason: "leaves in March" }')).toEqual(['none: leaves in March'])
    expect(choose('restarts: { drain: { retire: expire } }\n', { workloads: [yaml] }, 'retire').restarts).toMatchObject([
      { delivery: 'none', drain: 'expire', why: 'restarts.drain.retire is expire' },
    ])
    expect(choose('restarts: { drain: { retire: expire } }\n', { workloads: [yaml] }, 'stage').restarts).toMatchObject([
      { drain: 'restart' },
    ])
  })

  test('the control plane never expires: the step would not begin', () => {
    const { restarts } = choose('restarts: { drain: { stage: expire }, rules: [{ match: "*/*/*", drain: expire, reason: x }] }\n', {
      workloads: [release],
    })

    expect(restarts).toMatchObject([{ delivery: 'job', drain: 'restart' }])
  })
})

test('every workload of the discovery gets one delivery, in its order, whatever the rules', () => {
  const kinds = fc.constantFrom<Workload>(yaml, built, release)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(kinds, fc.stringMatching(/^[a-z]{1,8}$/))),
      fc.constantFrom('auto', 'job', 'owner'),
      fc.boolean(),
      (parts, delivery, ordered) => {
        const workloads = parts.map(([kind, name]): Workload => ({ ...kind, id: { ...kind.id, name } }))
        const { restarts } = choose(`restarts: { delivery: ${delivery} }\n`, { workloads, controllers: [ordered ? after : before] })
        expect(restarts.map(({ workload }) => workload)).toEqual(workloads.map(({ id }) => id))
        for (const restart of restarts) expect(restart.file !== null).toBe(restart.delivery === 'owner')
      },
    ),
    { numRuns: 50 },
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/mesh/index.ts'
import { scaffoldConfig } from '../../src/plan/index.ts'
import type { Scaffold } from '../../src/plan/index.ts'
import { bytesOf, makeConfig } from '../support/mesh.ts'

describe('the first reroot.yaml', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
  const path = fc
    .oneof(label, fc.constantFrom('on', 'null', '1e3', 'a b', "it's", 'x: y', '# no', 'ümlaut', '007'))
    .map((name) => `clusters/${name}`)
  const controller = fc.oneof(
    fc.record({
      type: fc.constant('flux' as const),
      namespace: label,
      source: fc.record({ kind: fc.constant('GitRepository'), name: label }),
      ageKeySecret: fc.option(label),
    }),
    fc.record({
      type: fc.constant('argocd' as const),
      namespace: label,
      project: fc.oneof(label, fc.constantFrom('on', '007')),
      repoURL: fc.constantFrom('https://git.example/a.git', 'git@git.example:a/b.git'),
      destination: fc.oneof(
        fc.record({ name: label }),
        fc.record({ server: fc.constant('https://10.0.0.1:6443') }),
        fc.record({ name: label, server: fc.constant('https://10.0.0.2:6443') }),
      ),
      labels: fc.dictionary(fc.oneof(label, fc.constantFrom('on', 'example.com/env')), fc.constantFrom('true', '1', 'prod', ''), {
        maxKeys: 2,
      }),
      registeredBy: fc.constantFrom(null, 'argocd/root'),
    }),
  )
  const cluster = fc.record({
    name: label,
    paths: fc.tuple(path),
    syncAt: fc.constant('clusters/prod/flux-system/gotk-sync.yaml:15'),
    istioNamespace: label,
    version: fc.constantFrom('1.30.3', '1.30', '1.29.x'),
    versionAt: fc.constant('infra/istiod.yaml:9'),
    revisions: fc.array(fc.oneof(label, fc.constantFrom('1-30', 'y', 'default')), { minLength: 1, maxLength: 2 }),
    istiod: fc.array(label, { maxLength: 2 }),
    multiRoot: fc.boolean(),
    ztunnel: fc.constantFrom(null, '1.30.3', '1.30'),
    caProvider: fc.constantFrom('istiod', 'istio-csr'),
    cacerts: fc.record({ file: path, managed: fc.constantFrom('own' as const, 'in-place' as const) }),
    controller,
    register: path,
    meshed: fc.array(fc.record({ namespace: label, workloads: fc.nat(3), why: fc.constant('istio-injection=enabled') }), { maxLength: 2 }),
  })
  const scaffold = fc.record({
    directory: fc.constant('mesh-ca'),
    mesh: label,
    trustDomain: fc.constantFrom('cluster.local', 'on', 'td'),
    remote: fc.constantFrom('origin', 'y', 'my-fork'),
    branch: fc.constantFrom('main', 'on', 'release/1.0', '2024'),
    extraRoots: fc.uniqueArray(path, { maxLength: 2 }),
    certificateHours: fc.option(fc.record({ hours: fc.constant(720), at: fc.constant('env.SECRET_TTL: 720h, infra/istiod.yaml:31') })),
    clusters: fc.uniqueArray(cluster, {
      minLength: 1,
      maxLength: 3,
      selector: ({ name, cacerts, register }) => name + cacerts.file + register,
    }),
    unseen: fc.array(fc.record({ namespace: label, owner: fc.constant('HelmRelease a/b'), at: fc.constant('a.yaml:1') }), { maxLength: 2 }),
  })
  const settingsOf = (one: Scaffold['clusters'][number]['controller']): object => {
    if (one.type === 'flux') return one
    const { registeredBy: _, ...settings } = one
    return settings
  }
  const alone = (texts: readonly string[]): boolean => new Set(texts).size === texts.length

  test('is read back as what was found, whatever names look like', () => {
    fc.assert(
      fc.property(scaffold, (found: Scaffold) => {
        const { clusters } = found
        fc.pre(
          alone(clusters.map(({ name }) => name)) &&
            alone(clusters.map(({ cacerts }) => cacerts.file)) &&
            alone(clusters.map(({ register }) => register)) &&
            alone(clusters.flatMap(({ controller: one }) => (one.type === 'flux' ? [] : Object.values(one.destination)))) &&
            clusters.every(({ istiod }) => alone(istiod)),
        )
        const config = parseConfig(bytesOf(scaffoldConfig(found)), 'mesh-ca/reroot.yaml')

        expect(config).toMatchObject({
          mesh: found.mesh,
          trustDomain: found.trustDomain,
          git: { remote: found.remote, branch: found.branch },
          extraRoots: found.extraRoots,
          pki: { workloadCertificateHours: found.certificateHours?.hours ?? 24 },
        })
        expect(config.clusters).toMatchObject(
          clusters.map(
            ({ name, paths, istioNamespace, version, revisions, istiod, multiRoot, ztunnel, caProvider, cacerts, register, ...found }) => ({
              name,
              paths,
              istio: { namespace: istioNamespace, version, revisions, istiod, multiRoot, ztunnel, caProvider },
              cacerts,
              controller: { ...settingsOf(found.controller), register },
            }),
          ),
        )
        expect(config.restarts.namespaces).toEqual([...new Set(found.unseen.map(({ namespace }) => namespace))].toSorted())
      }),
      { numRuns: 60 },
    )
  })

  test('says who picks up reroot’s Application, or that people do; and of each controller’s time only where it counts', () => {
    const [one] = fc.sample(cluster, { numRuns: 1, seed: 1 })
    if (one === undefined) throw new Error('there is one')
    const flux = { type: 'flux', namespace: 'flux-system', source: { kind: 'GitRepository', name: 'x' }, ageKeySecret: 'sops-age' } as const
    const argocd = {
      type: 'argocd',
      namespace: 'argocd',
      project: 'default',
      repoURL: 'https://git.example/a.git',
      destination: { name: 'prod' },
      labels: {},
      registeredBy: null,
    } as const
    const textFor = (...controllers: readonly Scaffold['clusters'][number]['controller'][]): string =>
      scaffoldConfig({
        directory: 'mesh-ca',
        mesh: 'shop',
        trustDomain: 'cluster.local',
        remote: 'origin',
        branch: 'main',
        extraRoots: [],
        certificateHours: null,
        clusters: controllers.map((controller) => ({ ...one, syncAt: 'root.yaml:1', register: 'a/b.yaml', controller })),
        unseen: [],
      })

    expect(textFor(argocd)).toContain(
      "register: a/b.yaml # the one reference to reroot's directory; nothing in Git picks it up: apply it once\n",
    )
    expect(textFor({ ...argocd, registeredBy: 'argocd/root' })).toContain("reroot's directory; argocd/root picks it up\n")
    expect(textFor(argocd)).not.toMatch(/timeoutMinutes|flux/i)
    expect(textFor(flux)).not.toMatch(/deadlineMinutes|argo/i)
    expect(textFor(flux, argocd)).toMatch(/timeoutMinutes: 5 .*\n {2}deadlineMinutes: 60 /)
  })

  test('sets no value that differs from the default where nothing was found', () => {
    const text = scaffoldConfig({
      directory: 'mesh-ca',
      mesh: 'shop',
      trustDomain: 'cluster.local',
      remote: 'origin',
      branch: 'main',
      extraRoots: [],
      certificateHours: null,
      clusters: fc.sample(cluster, { numRuns: 1, seed: 1 }),
      unseen: [],
    })
    const { pki, gates, restarts, pullRequests, git } = parseConfig(bytesOf(text), 'mesh-ca/reroot.yaml')
    const defaults = makeConfig()

    expect({ pki, gates, restarts, pullRequests, git }).toEqual({
      pki: defaults.pki,
      gates: defaults.gates,
      restarts: defaults.restarts,
      pullRequests: defaults.pullRequests,
      git: defaults.git,
    })
  })
})

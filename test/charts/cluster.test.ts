import { describe, expect, test } from 'vitest'
import { renderCluster, renderRegister } from '../../charts/index.ts'
import type { ClusterProps } from '../../charts/index.ts'
import { clusterProps, promote, restart, scenarios } from './cluster-props.ts'
import { objectsOf } from './objects.ts'
import type { Rendered } from './objects.ts'

function withWave(name: string, namespaces: readonly string[] = []): Partial<ClusterProps> {
  return { step: { ...promote, entry: null, waves: [{ name, restarts: [restart('Deployment/shop/cart')], namespaces }] } }
}

const own = { managed: 'own' as const }

describe('refusals', () => {
  const refused: readonly (readonly [string, Partial<ClusterProps>, string])[] = [
    ['a wave with the name of the entry gate', withWave('entry-gate'), 'a wave cannot be named entry-gate'],
    ['a wave whose gate would have the name of the entry gate', withWave('entry'), 'a wave cannot be named entry:'],
    ['a wave with the name of the Secret’s link', withWave('cacerts'), 'a wave cannot be named cacerts'],
    ['a wave that leaves the folder', withWave('../x'), 'not a DNS-1123 label: "../x"'],
    [
      'two waves of one name',
      { step: { ...promote, waves: [...promote.waves, ...promote.waves] } },
      'two waves of cluster prod have one name',
    ],
    ['an id that is no name', { step: { ...promote, id: 'G2' } }, 'not a DNS-1123 label'],
    [
      'a restart to merge without the workload’s selector',
      { step: { ...promote, waves: [{ name: 'default', restarts: [restart('Deployment/shop/cart', 'merge')], namespaces: [] }] } },
      'Deployment/shop/cart: Flux cannot merge an object without its selector',
    ],
    [
      'a Secret of its own in another folder',
      { cacerts: { ...own, file: 'infra/cacerts.sops.yaml' } },
      'the sealed Secret infra/cacerts.sops.yaml is not in mesh-ca/clusters/prod/cacerts/',
    ],
    [
      'a Secret of its own in a folder below',
      { cacerts: { ...own, file: 'mesh-ca/clusters/prod/cacerts/x/y.yaml' } },
      'is not in mesh-ca/clusters/prod/cacerts/',
    ],
  ]
  test.each(refused)('%s', (_, changed, message) => {
    expect(() => renderCluster(clusterProps(changed))).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }),
    )
  })

  test('a namespace without an image that has a shell: the configuration may have changed since the list was made', () => {
    expect(() => renderCluster(clusterProps({ gates: { ...clusterProps().gates, shellImage: null } }))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('is meshed in legacy') }),
    )
  })
})

describe.each(Object.entries(scenarios))('%s', (_, props) => {
  const files = renderCluster(props)
  const objects = objectsOf(files)

  test('is the same twice', () => {
    expect([...renderCluster(props)]).toEqual([...files])
  })

  test('stays in its directory, in order, without a Secret', () => {
    expect([...files.keys()].filter((path) => !path.startsWith(`${props.directory}/`))).toEqual([])
    expect([...files.keys()]).toEqual([...files.keys()].toSorted())
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([])
    expect([...files.keys()]).not.toContain(props.cacerts.file)
  })

  test('says in every file who wrote it', () => {
    for (const text of files.values()) expect(text).toMatch(/^# .+\n(# .+\n)*# Written by reroot: edits are lost\.\n/)
  })

  test('lists every manifest in the kustomization beside it', () => {
    const listed = [...files]
      .filter(([path]) => path.endsWith('/kustomization.yaml'))
      .flatMap(([path, text]) => {
        const folder = path.slice(0, -'kustomization.yaml'.length)
        return [...text.matchAll(/^ {2}- (.+)$/gm)].map((match) => folder + match[1])
      })
    const manifests = [...files.keys()].filter((path) => !path.endsWith('/kustomization.yaml'))
    expect(listed.filter((path) => path !== props.cacerts.file).toSorted()).toEqual(manifests)
  })
})

describe('the chain', () => {
  const chainOf = (props: ClusterProps): readonly Rendered[] =>
    objectsOf(renderCluster(props)).filter(({ kind }) => kind === 'Kustomization')
  const order = (props: ClusterProps): readonly string[] =>
    chainOf(props).map(({ metadata, spec }) => [...(spec?.dependsOn ?? []).map(({ name }) => name), metadata.name].join(' < '))

  test('is one line: entry gate, Secret, control plane, waves; a wave without restarts is no link', () => {
    expect(order(clusterProps())).toEqual([
      'mesh-ca-entry-gate',
      'mesh-ca-entry-gate < mesh-ca-cacerts',
      'mesh-ca-cacerts < mesh-ca-control-plane',
      'mesh-ca-control-plane < mesh-ca-default',
      'mesh-ca-default < mesh-ca-edge',
    ])
  })

  // At a new commit Flux may reconcile a link before it has seen its new dependsOn.
  test('keeps the Secret behind the entry gate also while nothing is due', () => {
    expect(order(scenarios['steady'] as ClusterProps)).toEqual([
      'mesh-ca-entry-gate',
      'mesh-ca-entry-gate < mesh-ca-cacerts',
      'mesh-ca-cacerts < mesh-ca-control-plane',
    ])
  })

  test('has no link for a Secret that somebody else delivers', () => {
    expect(order(scenarios['promote-in-place'] as ClusterProps)).toEqual([
      'mesh-ca-entry-gate',
      'mesh-ca-entry-gate < mesh-ca-control-plane',
      'mesh-ca-control-plane < mesh-ca-default',
      'mesh-ca-default < mesh-ca-edge',
    ])
    expect(order(scenarios['steady-in-place'] as ClusterProps)).toEqual([
      'mesh-ca-entry-gate',
      'mesh-ca-entry-gate < mesh-ca-control-plane',
    ])
  })

  test('waits at every link, on one source, unseals only the Secret, and never prunes it', () => {
    const chain = chainOf(clusterProps())

    expect(chain.map(({ spec }) => spec?.wait)).toEqual(chain.map(() => true))
    expect(new Set(chain.map(({ spec }) => JSON.stringify(spec?.sourceRef)))).toEqual(
      new Set(['{"kind":"GitRepository","name":"flux-system"}']),
    )
    expect(chain.filter(({ spec }) => spec?.decryption !== undefined).map(({ metadata }) => metadata.name)).toEqual(['mesh-ca-cacerts'])
    expect(chain.filter(({ spec }) => spec?.prune === false).map(({ metadata }) => metadata.name)).toEqual(['mesh-ca-cacerts'])
  })

  test('names the Secret with the keys, and none where Flux unseals at a KMS: it would stop at one that is missing', () => {
    const { controller } = clusterProps()
    if (controller.type !== 'flux') throw new TypeError('the cluster is Flux’s')
    const decryptionWith = (ageKeySecret: string | null): unknown =>
      chainOf(clusterProps({ controller: { ...controller, ageKeySecret } })).find(({ metadata }) => metadata.name === 'mesh-ca-cacerts')
        ?.spec?.decryption

    expect(decryptionWith('keys')).toEqual({ provider: 'sops', secretRef: { name: 'keys' } })
    expect(decryptionWith(null)).toEqual({ provider: 'sops' })
  })

  // A waiting Kustomization holds a worker of kustomize-controller, takes no newer commit, and raises an event when it gives up.
  test('is picked up by a Kustomization that waits for none of its links', () => {
    const [pickUp] = objectsOf(new Map([['mesh-ca.yaml', renderRegister(clusterProps())]]))

    expect(pickUp?.spec).toMatchObject({ wait: false, prune: true, path: './mesh-ca/clusters/prod' })
    expect(pickUp?.spec).not.toHaveProperty('timeout')
  })

  test('builds folders that are there', () => {
    const files = renderCluster(clusterProps())
    expect(chainOf(clusterProps()).filter(({ spec }) => !files.has(`${spec?.path?.slice(2)}/kustomization.yaml`))).toEqual([])
  })
})

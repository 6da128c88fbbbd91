import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderCluster, renderComponent, renderRegister, renderState } from '../../charts/index.ts'
import { parseYamlFile } from '../../src/base/index.ts'
import { argocd, argocdScenarios, clusterProps, scenarios } from '../charts/cluster-props.ts'
import { objectsOf } from '../charts/objects.ts'
import { onPath } from '../support/tools.ts'

const sealed =
  'apiVersion: v1\nkind: Secret\nmetadata:\n  name: cacerts\n  namespace: istio-system\ndata:\n  ca-key.pem: ENC[AES256_GCM,data:eA==,type:str]\n'
const overlay = {
  'base/cart.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    metadata:\n      annotations:\n        inject.istio.io/templates: gateway\n    spec:\n      containers: []\n',
  'base/kustomization.yaml': 'resources: [cart.yaml]\n',
  'overlay/kustomization.yaml': 'namespace: shop\nresources: [../base]\ncomponents: [mesh-ca-restart]\n',
}

describe.skipIf(!onPath('kustomize'))('what reroot renders, in the real kustomize', () => {
  let root = ''
  beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'reroot-manifests-'))))
  afterAll(() => rmSync(root, { recursive: true }))

  const write = (files: Iterable<readonly [string, string]>): void => {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
  }
  const build = (folder: string): readonly object[] => {
    const text = execFileSync('kustomize', ['build', join(root, folder)], { stdio: ['ignore', 'pipe', 'pipe'] })
    return parseYamlFile(text, folder).documents.map(({ value }) => value as object)
  }

  describe.each(Object.entries(scenarios))('%s', (name, props) => {
    test('every folder builds, to the objects that were rendered, unchanged', () => {
      const files = renderCluster({ ...props })
      write([...files].map(([path, text]) => [`${name}/${path}`, text]))
      if (props.cacerts.managed === 'own') write([[`${name}/${props.cacerts.file}`, sealed]])
      const folders = [...files.keys()].filter((path) => path.endsWith('/kustomization.yaml')).map((path) => dirname(path))

      const built = folders
        .flatMap((folder) => build(`${name}/${folder}`))
        .filter((object) => !('kind' in object && object.kind === 'Secret'))

      const rendered = objectsOf(files).map((object) => ({ ...object, file: undefined }))
      const sorted = (objects: readonly object[]): readonly string[] =>
        objects.map((object) => JSON.stringify(canonical(object))).toSorted()
      expect(sorted(built)).toEqual(sorted(rendered))
    })
  })

  // What KSOPS unseals is built in argocd.test.ts.
  describe.each(Object.entries(argocdScenarios))('%s', (name, props) => {
    test('every folder but the sealed one builds, to the objects that were rendered, unchanged', () => {
      const files = renderCluster(props)
      write([...files].map(([path, text]) => [`${name}/${path}`, text]))
      const sealedFolders = props.cacerts.managed === 'own' ? [props.directory, `${props.directory}/cacerts`] : []
      const folders = [...files.keys()]
        .filter((path) => path.endsWith('/kustomization.yaml'))
        .map((path) => dirname(path))
        .filter((folder) => !sealedFolders.includes(folder))

      const rendered = objectsOf(files).map((object) => ({ ...object, file: undefined }))
      const outside = props.cacerts.managed === 'own' ? ['mesh-ca-state', 'mesh-ca-complete', 'cacerts'] : []
      const expected = rendered.filter(({ metadata }) => !outside.includes(metadata.name))
      const built =
        props.cacerts.managed === 'own' ? folders.flatMap((folder) => build(`${name}/${folder}`)) : build(`${name}/${props.directory}`)
      const sorted = (objects: readonly object[]): readonly string[] =>
        objects.map((object) => JSON.stringify(canonical(object))).toSorted()
      expect(sorted(built)).toEqual(sorted(expected))
      for (const folder of sealedFolders) expect(() => build(`${name}/${folder}`)).toThrow(/external plugins disabled/)
    })
  })

  test.each([
    ['Flux', clusterProps(), null, [{ kind: 'ConfigMap' }, { kind: 'Kustomization' }]],
    ['Argo CD', clusterProps({ controller: argocd }), 0, [{ kind: 'ConfigMap' }, { kind: 'Application' }]],
  ] as const)('the register and the state build as resources, for %s', (name, props, syncWave, kinds) => {
    write([
      [`loose-${name}/register.yaml`, renderRegister(props)],
      [`loose-${name}/state.yaml`, renderState(props, syncWave)],
      [`loose-${name}/kustomization.yaml`, 'resources: [register.yaml, state.yaml]\n'],
    ])

    expect(build(`loose-${name}`)).toMatchObject(kinds)
  })

  test('a Component for a workload that is not there fails the build', () => {
    write(Object.entries(overlay))
    write([
      [
        'overlay/mesh-ca-restart/kustomization.yaml',
        renderComponent([{ kind: 'Deployment', name: 'basket', namespace: null, id: 'g2-staged' }]),
      ],
    ])

    expect(() => build('overlay')).toThrow(/no resource matches strategic merge patch/)
  })

  test('a Component adds its annotation to the workload that it names, and keeps the others', () => {
    write(Object.entries(overlay))
    write([
      [
        'overlay/mesh-ca-restart/kustomization.yaml',
        renderComponent([{ kind: 'Deployment', name: 'cart', namespace: null, id: 'g2-staged' }]),
      ],
    ])

    expect(build('overlay')).toMatchObject([
      {
        metadata: { name: 'cart', namespace: 'shop' },
        spec: { template: { metadata: { annotations: { 'inject.istio.io/templates': 'gateway', 'reroot.dev/rotation': 'g2-staged' } } } },
      },
    ])
  })

  test('an empty Component is no error', () => {
    write(Object.entries(overlay))
    write([['overlay/mesh-ca-restart/kustomization.yaml', renderComponent([])]])

    expect(build('overlay')).toHaveLength(1)
  })
})

/** The same value with sorted keys: kustomize sorts them. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)]),
  )
}

import { describe, expect, test } from 'vitest'
import { linkFindings } from '../../src/workloads/argocd/findings.ts'
import { discoverProd, flux, namespace, workload, workloadsOf, yaml } from './flux-tree.ts'
import { readTree } from '../../src/workloads/source-tree.ts'
import { filesOf } from './tree.ts'
import type { Tree } from './tree.ts'

const app = 'clusters/prod/app.yaml'
const meshed = namespace('shop', { 'istio-injection': 'enabled' })
const cart = yaml(workload('shop', 'cart'))
const entry = (kustomization: string): Tree => ({ [app]: yaml(meshed, flux('apps', './apps')), 'apps/kustomization.yaml': kustomization })

describe('a kustomization that leads astray is one finding, with its line and what it says', () => {
  test.each<[string, Tree, { id: string; line: number; message: string; found: string }]>([
    [
      '.. out of the repository',
      entry('resources:\n- ../../other\n'),
      { id: 'workloads/outside-repository', line: 2, message: 'the path leaves the repository', found: '../../other' },
    ],
    [
      'an absolute path',
      entry('resources:\n- /etc/manifests\n'),
      { id: 'workloads/outside-repository', line: 2, message: 'the path leaves the repository', found: '/etc/manifests' },
    ],
    [
      'itself',
      entry('resources:\n- .\n'),
      { id: 'workloads/cycle', line: 2, message: 'a kustomization includes itself, or a folder above itself', found: '.' },
    ],
    [
      'the folder above',
      { ...entry('resources:\n- sub\n'), 'apps/sub/kustomization.yaml': 'components: []\nresources:\n- ../\n' },
      { id: 'workloads/cycle', line: 3, message: 'a kustomization includes itself, or a folder above itself', found: '../' },
    ],
    ...['https://git.example/base.git//deploy?ref=v1', 'git@git.example:org/base.git', 'github.com/org/base'].map(
      (base): [string, Tree, { id: string; line: number; message: string; found: string }] => [
        `a remote base: ${base}`,
        entry(`resources:\n- ${base}\n`),
        {
          id: 'workloads/remote-resource',
          line: 2,
          message: 'what this names is not in this repository, so its workloads are unknown',
          found: base,
        },
      ],
    ),
    [
      'another spelling of a file that is there',
      { ...entry('resources:\n- Cart.yaml\n'), 'apps/cart.yaml': cart },
      {
        id: 'workloads/missing-file',
        line: 2,
        message: 'there is no such file or folder: .sourceignore may hide it, and Flux leaves symbolic links out',
        found: 'Cart.yaml',
      },
    ],
  ])('%s', (_, tree, { id, line, message, found }) => {
    const { findings } = discoverProd(tree)

    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([
      {
        id,
        severity: 'error',
        place: { cluster: 'prod', file: expect.stringMatching(/^apps\/.*kustomization\.yaml$/) as string, line },
        message,
        expected: expect.stringMatching(/\w/) as string,
        found,
        remedy: expect.stringMatching(/\w/) as string,
      },
    ])
  })
})

describe('a name that no API server takes', () => {
  test.each(['../../etc', 'a/b', 'Cart', 'a b', '-a', 'a\nb', '{{ .Values.name }}', 'ü', 'x'.repeat(254)])('%j', (name) => {
    const discovery = discoverProd({ [app]: yaml(meshed, workload('shop', name)) })

    expect(discovery.workloads).toEqual([])
    expect(discovery.findings).toEqual([
      {
        id: 'workloads/name',
        severity: 'error',
        place: { cluster: 'prod', file: app, line: 12, object: 'Deployment' },
        message: 'the name of this object is not one that Kubernetes accepts',
        expected: 'at most 253 lower-case letters, digits, dashes and dots',
        found: JSON.stringify(name.slice(0, 80)),
        remedy: 'correct it; a template must be rendered before it is committed',
      },
    ])
  })

  test('of a namespace, where it is defined and where it is used', () => {
    const { findings } = discoverProd({ [app]: yaml(namespace('../shop'), workload('../shop', 'cart')) })

    expect(findings.map(({ id, place, found }) => [id, place.object, found])).toEqual([
      ['workloads/name', 'Namespace', '"../shop"'],
      ['workloads/name', 'Deployment', '"../shop"'],
    ])
  })

  test('names with dots, digits and 253 characters are names', () => {
    for (const name of ['a.b-c.0', '7', 'x'.repeat(253)])
      expect(workloadsOf(discoverProd({ [app]: yaml(meshed, workload('shop', name)) }))).toEqual([`sidecar Deployment/shop/${name}`])
  })
})

describe('symbolic links', () => {
  const links = [
    { path: 'apps/linked', target: '../shared', leaves: false },
    { path: 'apps/out.yaml', target: '../../secret.yaml', leaves: true },
  ]
  const tree: Tree = {
    [app]: yaml(meshed, flux('apps', './apps')),
    'apps/cart.yaml': cart,
    'apps/linked/web.yaml': yaml(workload('shop', 'web')),
    'shared/web.yaml': yaml(workload('shop', 'web')),
  }

  test('Flux hands none on, so nothing behind one is applied', () => {
    expect(workloadsOf(discoverProd(tree))).toEqual(['sidecar Deployment/shop/cart', 'sidecar Deployment/shop/web'])
    expect(workloadsOf(discoverProd(tree, {}, links))).toEqual(['sidecar Deployment/shop/cart'])
  })

  test('thousands of them among thousands of files', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `deep/er/folder-${index}`)
    const files = filesOf({ ...Object.fromEntries(many.map((path) => [`${path}/file.txt`, ''])), 'deep/er/folder.txt': '' })
    const read = readTree({ ...files, links: () => many.map((path) => ({ path, target: '..', leaves: false })) }, null)

    expect(read.files).toEqual(['deep/er/folder.txt'])
  })

  test('a kustomization that names one names nothing', () => {
    const { findings } = discoverProd({ ...tree, 'apps/kustomization.yaml': 'resources:\n- cart.yaml\n- linked/web.yaml\n' }, {}, links)

    expect(findings).toMatchObject([
      { id: 'workloads/missing-file', place: { file: 'apps/kustomization.yaml', line: 3 }, found: 'linked/web.yaml' },
    ])
  })

  test('Argo CD refuses a repository with one that leaves it', () => {
    expect(linkFindings({ ...filesOf(tree), links: () => links })).toMatchObject([
      { id: 'argocd/link', severity: 'error', place: { file: 'apps/out.yaml' }, found: '../../secret.yaml' },
    ])
    expect(linkFindings(filesOf(tree))).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { idsOf, yaml } from '../flux-tree.ts'
import { app, application, applicationSet, clusterSecret, discoverArgocd, ownURL, prodServer } from '../argocd-tree.ts'
import { filesOf } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { makeBudget, mostSets, OverBudget } from '../../../src/workloads/argocd/budget.ts'
import type { Generating } from '../../../src/workloads/argocd/generating.ts'
import { generate } from '../../../src/workloads/argocd/generators.ts'
import { ownRepository } from '../../../src/workloads/argocd/repository-url.ts'
import { rendererOf } from '../../../src/workloads/argocd/template.ts'
import { readManifests } from '../../../src/workloads/manifest.ts'
import { makeReport } from '../../../src/workloads/report.ts'
import { readWholeTree } from '../../../src/workloads/source-tree.ts'
import type { ValueMap } from '../../../src/workloads/value.ts'

const go = { goTemplate: true, goTemplateOptions: ['missingkey=error'] }

/** A template for cluster `prod`, with all that a test fills in. */
const template = (name: string, path = 'apps/x', destination: object = { name: 'prod' }): object => ({
  metadata: { name },
  spec: { project: 'default', source: { repoURL: ownURL, path }, destination, syncPolicy: { automated: {} } },
})
const folders: Tree = {
  'apps/x/w.yaml': '',
  'apps/x/config.json': '{"team": {"name": "blue", "size": 3}, "on": true}',
  'apps/y/w.yaml': '',
  'apps/y/config.yaml': '- team: {name: red}\n- team: {name: green}\n',
  'apps/.hidden/w.yaml': '',
  'apps/x/deep/w.yaml': '',
}

/** The names of the Applications that are made, and the ids of findings. */
function made(set: object, extra: Tree = {}, controller: object = {}): readonly string[] {
  const discovery = discoverArgocd({ ...folders, [app]: yaml(set), ...extra }, controller)
  return [...discovery.controllers.map(({ name }) => name), ...idsOf(discovery).map((line) => line.replace(/:\d+$/, ''))]
}

describe('what cannot be resolved offline is a finding at its line', () => {
  test.each<[string, readonly object[], object, object, string]>([
    ['a generator of a forge', [{ scmProvider: { github: {} } }], template('a'), {}, `error argocd/generator ${app}:11`],
    ['pull requests', [{ pullRequest: {} }], template('a'), {}, `error argocd/generator ${app}:11`],
    ['a plugin', [{ plugin: {} }], template('a'), {}, `error argocd/generator ${app}:11`],
    ['a resource that decides', [{ clusterDecisionResource: {} }], template('a'), {}, `error argocd/generator ${app}:11`],
    [
      'another repository',
      [{ git: { repoURL: 'https://git.example/x', directories: [] } }],
      template('a'),
      {},
      `error argocd/generator ${app}:12`,
    ],
    ['flatList', [{ clusters: { flatList: true } }], template('a'), {}, `error argocd/generator ${app}:12`],
    [
      'labels that nobody states',
      [{ clusters: { selector: { matchLabels: { mesh: 'yes' } } } }],
      template('{{name}}'),
      {},
      `error argocd/generator ${app}:12`,
    ],
    [
      'elements that are computed',
      [{ list: { elements: [], elementsYaml: '{{ .x | toJson }}' } }],
      template('a'),
      {},
      `error argocd/generator ${app}:13`,
    ],
    ['a number without Go templates', [{ list: { elements: [{ n: 1 }] } }], template('a{{n}}'), {}, `error argocd/generator ${app}:14`],
    [
      'a matrix of one',
      [{ matrix: { generators: [{ list: { elements: [{}] } }] } }],
      template('a'),
      {},
      `error argocd/generator ${app}:12`,
    ],
    [
      'a merge without keys',
      [{ merge: { generators: [{ list: {} }, { list: {} }] } }],
      template('a'),
      {},
      `error argocd/generator ${app}:11`,
    ],
    ['a parameter that is not there', [{ list: { elements: [{ a: 'b' }] } }], template('{{c}}'), {}, `error argocd/template ${app}:22`],
    [
      'a Go template without goTemplate',
      [{ list: { elements: [{ a: 'b' }] } }],
      template('{{ .a }}'),
      {},
      `error argocd/template ${app}:22`,
    ],
    ['a condition', [{ list: { elements: [{ a: 'b' }] } }], template('{{ if .a }}x{{ end }}'), go, `error argocd/template ${app}:22`],
    [
      'an unknown function',
      [{ list: { elements: [{ a: 'b' }] } }],
      template('{{ .a | sha256sum }}'),
      go,
      `error argocd/template ${app}:22`,
    ],
    ['a missing key', [{ list: { elements: [{ a: 'b' }] } }], template('{{ .b.c }}'), go, `error argocd/template ${app}:22`],
    ['an action without end', [{ list: { elements: [{ a: 'b' }] } }], template('{{ .a'), go, `error argocd/template ${app}:22`],
    [
      'a patch of the template',
      [{ list: { elements: [{ a: 'b' }] } }],
      template('{{ .a }}'),
      { ...go, templatePatch: 'spec: {}' },
      `error argocd/template ${app}:42`,
    ],
  ])('%s', (_, generators, written, spec, expected) => {
    const discovery = discoverArgocd({ ...folders, [app]: yaml(applicationSet('s', generators, written, spec)) })

    expect(idsOf(discovery)).toContain(expected)
    for (const finding of discovery.findings) expect(finding.remedy).not.toBe('')
  })

  test('a template that fails for another cluster is nobody’s business', () => {
    const elements = [{ cluster: 'prod', size: 'x' }, { cluster: 'dev' }]

    expect(made(applicationSet('s', [{ list: { elements } }], template('{{ .size }}', 'apps/x', { name: '{{ .cluster }}' }), go))).toEqual([
      'x',
    ])
  })
})

describe('generators', () => {
  const list = (...elements: readonly object[]): object => ({ list: { elements } })
  const git = (fields: object): object => ({ git: { repoURL: 'https://git.example/platform', revision: 'HEAD', ...fields } })

  test.each<[string, readonly object[], string, object, readonly string[]]>([
    ['list', [list({ a: 'x' }, { a: 'y' })], '{{a}}', {}, ['x', 'y']],
    ['list with values', [list({ a: 'x', values: { b: 'z' } })], '{{ a }}-{{values.b}}', {}, ['x-z']],
    ['list, nested', [list({ a: { b: ['x', 3] } })], '{{ index .a.b 0 }}{{ index .a.b 1 }}', go, ['x3']],
    ['list as YAML', [{ list: { elements: [], elementsYaml: '- {a: x}\n' } }], '{{ .a }}', go, ['x']],
    ['folders', [git({ directories: [{ path: 'apps/*' }] })], '{{path.basename}}-{{path[0]}}', {}, ['x-apps', 'y-apps']],
    ['folders without some', [git({ directories: [{ path: 'apps/*' }, { path: 'apps/x', exclude: true }] })], '{{ path }}', {}, ['apps/y']],
    [
      'folders below',
      [git({ directories: [{ path: 'apps/*/*' }] })],
      '{{ index .path.segments 1 }}-{{ .path.basenameNormalized }}',
      go,
      ['x-deep'],
    ],
    ['folders with a prefix', [git({ pathParamPrefix: 'p', directories: [{ path: 'apps/y' }] })], '{{ .p.path.path }}', go, ['apps/y']],
    [
      'folders with values',
      [git({ directories: [{ path: 'apps/y' }], values: { v: '{{path.basename}}-v' } })],
      '{{values.v}}',
      {},
      ['y-v'],
    ],
    [
      'files, flat',
      [git({ files: [{ path: 'apps/x/config.json' }] })],
      '{{team.name}}-{{team.size}}-{{on}}-{{path.filename}}',
      {},
      ['blue-3-true-config.json'],
    ],
    [
      'files of lists',
      [git({ files: [{ path: 'apps/*/config.yaml' }] })],
      '{{ .team.name }}-{{ .path.basename }}',
      go,
      ['red-y', 'green-y'],
    ],
    [
      'files below all folders',
      [git({ files: [{ path: 'apps/**/config.*' }, { path: 'apps/y/*', exclude: true }] })],
      '{{ .team.name }}',
      go,
      ['blue'],
    ],
    [
      'a selector',
      [{ ...list({ a: 'x', env: 'dev' }, { a: 'y', env: 'prod' }), selector: { matchLabels: { env: 'prod' } } }],
      '{{a}}',
      {},
      ['y'],
    ],
    [
      'a selector with expressions',
      [
        {
          ...list({ a: 'x', env: 'dev' }, { a: 'y' }),
          selector: {
            matchExpressions: [
              { key: 'env', operator: 'NotIn', values: ['prod'] },
              { key: 'env', operator: 'Exists' },
            ],
          },
        },
      ],
      '{{a}}',
      {},
      ['x'],
    ],
    [
      'matrix',
      [{ matrix: { generators: [list({ a: 'x' }, { a: 'y' }), list({ b: '1' }, { b: '2' })] } }],
      '{{a}}{{b}}',
      {},
      ['x1', 'x2', 'y1', 'y2'],
    ],
    [
      'matrix whose second names the first',
      [
        {
          matrix: {
            generators: [
              list({ env: 'y' }),
              git({ directories: [{ path: 'apps/{{ .env }}' }], values: { own: '{{ .path.basename }}{{ .env }}' } }),
            ],
          },
        },
      ],
      '{{ .env }}-{{ .values.own }}',
      go,
      [],
    ],
    [
      'merge',
      [
        {
          merge: {
            mergeKeys: ['a'],
            generators: [list({ a: 'x', b: '1' }, { a: 'y', b: '2' }), list({ a: 'y', b: '3' }, { a: 'z', b: '4' })],
          },
        },
      ],
      '{{a}}{{b}}',
      {},
      ['x1', 'y3'],
    ],
    [
      'merge, nested',
      [{ merge: { mergeKeys: ['a'], generators: [list({ a: 'x', c: { d: '1', e: '2' } }), list({ a: 'x', c: { e: '3' } })] } }],
      '{{ .c.d }}{{ .c.e }}',
      go,
      ['13'],
    ],
    [
      'a template of its own',
      [{ list: { elements: [{ a: 'x' }], template: { metadata: { name: 'own-{{a}}' }, spec: { destination: {} } } } }],
      '{{a}}',
      {},
      ['own-x'],
    ],
  ])('%s', (_, generators, name, spec, expected) => {
    const found = made(applicationSet('s', generators, template(name), spec)).filter((line) => !line.includes('warning argocd/generator'))

    if (expected.length > 0) expect(found).toEqual(expected)
    else expect(found.join()).toContain('argocd/template') // `values` that name both generators cannot be filled in step by step
  })

  test('whether a deeper file matches depends on a setting that Git does not show', () => {
    const set = applicationSet('s', [git({ files: [{ path: 'apps/*.json' }] })], template('{{ .team.name }}'), go)

    expect(made(set)).toEqual(['blue', `warning argocd/generator ${app}`])
  })
})

describe('the clusters generator', () => {
  const selecting = { clusters: { selector: { matchLabels: { mesh: 'yes' } }, values: { v: '{{.name}}-v' } } }
  const set = (generator: object, name: string): object =>
    applicationSet('s', [generator], template(name, 'apps/x', { server: '{{ .server }}' }), go)

  test('takes this cluster by labels that people state', () => {
    expect(made(set(selecting, '{{ .values.v }}'), {}, { labels: { mesh: 'yes' } })).toEqual(['prod-v'])
    expect(made(set(selecting, '{{ .name }}'), {}, { labels: { mesh: 'no' } })).toEqual([])
  })

  test('or by those of its Secret, whose name and server may be sealed then', () => {
    const secret = { 'argocd/s.yaml': yaml(clusterSecret('prod', prodServer, { mesh: 'yes', region: 'eu/1' })) }
    const sealed = { 'argocd/s.yaml': yaml(clusterSecret('ENC[a]', 'ENC[b]', { mesh: 'yes' })) }

    expect(made(set(selecting, '{{ index .metadata.labels "region" | replace "/" "-" }}'), secret)).toEqual(['eu-1'])
    expect(made(set(selecting, '{{ .name }}'), sealed, { labels: { mesh: 'yes' } })).toEqual(['prod'])
  })

  test('adds the cluster that Argo CD runs in, unless there is a selector', () => {
    const builtIn = { destination: { name: 'in-cluster', server: null }, labels: { a: 'b' } }

    expect(made(set({ clusters: {} }, '{{ .nameNormalized }}'), {}, builtIn)).toEqual(['in-cluster'])
    expect(made(set(selecting, '{{ .name }}'), {}, builtIn)).toEqual([])
  })

  test('knows annotations, flat as well', () => {
    const secret = {
      ...clusterSecret('prod', prodServer),
      metadata: { name: 's', labels: { 'argocd.argoproj.io/secret-type': 'cluster' }, annotations: { tier: 'gold' } },
    }
    const flat = applicationSet('s', [{ clusters: {} }], template('{{metadata.annotations.tier}}-{{name}}'))

    expect(made(flat, { 'argocd/s.yaml': yaml(secret) })).toContain('gold-prod')
  })
})

test.each([
  ['{{ .a.b }}', 'Deep Value'],
  ['{{.a.b}}', 'Deep Value'],
  ['x{{- " y " | trim -}} z', 'xyz'],
  ['{{ .a.b | lower | replace " " "-" }}', 'deep-value'],
  ['{{ upper .a.b }}', 'DEEP VALUE'],
  ['{{ .a.b | normalize }}', 'deep-value'],
  ['{{ .no | default "d" }}', 'd'],
  ['{{ default "d" .a.b }}', 'Deep Value'],
  ['{{ quote .n }}', '"7"'],
  ['{{ .n | squote }}', "'7'"],
  ['{{ index .list 1 }}', 'two'],
  ['{{ index .a "b" }}', 'Deep Value'],
  ['{{ (index .list 0) | upper }}', 'ONE'],
  ['{{ trimPrefix "o" (index .list 0) }}', 'ne'],
  ['{{ .a.b | trunc 4 }}{{/* a comment with }} in it */}}', 'Deep'],
  // No pattern of JavaScript's.
  ['{{ .a.b | replace "D" "$&$$" | trunc 5 }}', '$&$$e'],
  ['{{ `raw "text"` }}{{ "a\\tb" }}', 'raw "text"a\tb'],
  ['{{ $.a.b }}{{ true }}', 'Deep Valuetrue'],
  ['{{ .big }}', '1.234567e+06'],
])('the Go template %s', async (text, expected) => {
  const { renderGoTemplate } = await import('../../../src/workloads/argocd/go-template.ts')

  expect(renderGoTemplate(text, { a: { b: 'Deep Value' }, n: 7, list: ['one', 'two'], big: 1_234_567 })).toEqual({ text: expected })
})

test.each<[string, string, string | RegExp]>([
  ['parentheses in parentheses', `{{ ${'('.repeat(50)}.a${')'.repeat(50)} }}`, 'value'],
  ['too many of them', `{{ ${'('.repeat(50_000)}.a${')'.repeat(50_000)} }}`, /more than 100 parentheses/],
  ['braces that nothing closes', '{{ '.repeat(300_000), /an action that is not closed$/],
  ['quotes that nothing closes', '{{ "a" '.repeat(100_000), /an action that is not closed$/],
  ['an action behind one that is not closed', '{{ " {{ .a }}', /^\{\{ " \{\{ \.a \}\}: an action that is not closed$/],
  ['minus without a space', '{{ .a-}}', /an action that is not closed$/],
  ['a text that doubles', `{{ .quotes ${'| quote '.repeat(60)} }}`, /longer than any object/],
  ['a text in each place of another', '{{ .long | replace "x" .long }}', /longer than any object/],
  ['a text between all letters of another', '{{ .long | replace "" .long }}', /longer than any object/],
  ['a long text in many actions', '{{ .long }}'.repeat(10_000), /longer than any object/],
  ['many changes of a long text', `{{ .long ${'| upper '.repeat(200_000)} | trunc 1 }}`, /longer than any object/],
])('a hostile Go template: %s', async (_, text, expected) => {
  const { renderGoTemplate } = await import('../../../src/workloads/argocd/go-template.ts')
  const rendered = renderGoTemplate(text, { a: 'value', quotes: '"', long: 'x'.repeat(100_000) })

  if (typeof expected === 'string') expect(rendered).toEqual({ text: expected })
  else expect(rendered).toEqual({ problem: expect.stringMatching(expected) })
})

test('a template of the older form gets no longer than an object', () => {
  const long = { list: { elements: [{ a: 'x'.repeat(100_000) }] } }

  expect(made(applicationSet('s', [long], template('{{a}}'.repeat(10_000))))).toEqual([`error argocd/template ${app}`])
})

test('a patch of the template is no matter where every Application is another cluster’s', () => {
  const set = (cluster: string): object =>
    applicationSet('s', [{ list: { elements: [{ cluster }] } }], template('a', 'apps/x', { name: '{{ .cluster }}' }), {
      ...go,
      templatePatch: 'spec: {syncPolicy: {automated: {prune: true}}}\n',
    })

  expect(made(set('dev'))).toEqual([])
  expect(made(set('prod'))).toEqual(['a', `error argocd/template ${app}`])
})

test('a file of parameters that looks like an object keeps all of them', () => {
  const set = applicationSet(
    's',
    [{ git: { repoURL: ownURL, revision: 'HEAD', files: [{ path: 'clusters/*.yaml' }] } }],
    template('{{ .metadata.name }}-{{ .spec.region }}-{{ .spec.template.spec.size }}'),
    go,
  )
  const parameters = {
    apiVersion: 'acme.example/v1',
    kind: 'Cluster',
    metadata: { name: 'a' },
    spec: { region: 'eu', template: { spec: { size: 'xl' } } },
  }

  expect(made(set, { 'clusters/a.yaml': yaml(parameters) })).toEqual(['a-eu-xl'])
})

describe('what multiplies', () => {
  const list = (key: string, count: number): object => ({
    list: { elements: Array.from({ length: count }, (_, index) => ({ [key]: `${index}` })) },
  })
  const matrix = (first: object, second: object): object => ({ matrix: { generators: [first, second] } })
  const git = (path: string): object => ({ git: { repoURL: ownURL, revision: 'HEAD', files: [{ path }] } })
  const generating = (tree: Tree = {}): Generating => ({
    manifests: readManifests(readWholeTree(filesOf(tree)), makeReport(), 'Argo CD'),
    own: ownRepository(ownURL, null),
    clusters: [],
    goTemplate: false,
    render: rendererOf(false),
    budget: makeBudget(),
    problem: ({ severity, message }) => {
      if (severity === 'error') throw new Error(message)
    },
  })
  const sets = (made: Generating, generator: object): number => generate(made, generator as ValueMap, [], null).length

  test('ends at a finding, for all ApplicationSets together', () => {
    const set = (name: string): object =>
      applicationSet(name, [matrix(git('long.json'), list('a', 300))], template(`${name}-{{ .a }}`, 'apps/x', { name: 'dev{{ .b }}' }), go)
    const discovery = discoverArgocd({
      ...folders,
      'long.json': JSON.stringify({ b: '', long: 'x'.repeat(4_000_000) }),
      ...Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`argocd/${name}.yaml`, yaml(set(name))])),
    })

    const found = discovery.findings.filter(({ id }) => id === 'argocd/generator')
    expect(found).toMatchObject([{ severity: 'error', place: { file: 'argocd/d.yaml', line: 9 }, found: 'more' }])
    expect(found[0]?.expected).toContain('250000 parameter sets')
  })

  test('Applications that all make the same one', () => {
    const annotations = { long: 'x'.repeat(50_000) }
    const inner = application('inner', { path: 'apps/x', metadata: { namespace: 'argocd', annotations } })
    const tree = { 'sub/kustomization.yaml': 'resources: [a.yaml]\n', 'sub/a.yaml': yaml(inner) }

    expect(made(applicationSet('s', [list('a', 200)], template('{{a}}', 'sub')), tree)).toHaveLength(202)
  })

  test('matrices in matrices', () => {
    const keys = Array.from({ length: 12 }, (_, index) => `k${index}`)
    const nested = keys.reduce((inner, key) => matrix(list(key, 10), inner), list('k', 10))

    expect(() => sets(generating(), nested)).toThrow(OverBudget)
  })

  test('a merge of many sets into one', () => {
    const elements = Array.from({ length: 40_000 }, (_, index) => ({ k: 'a', [`x${index}`]: 'y' }))
    const merge = { merge: { mergeKeys: ['k'], generators: [{ list: { elements: [{ k: 'a' }] } }, { list: { elements } }] } }

    expect(() => sets(generating(), merge)).toThrow(OverBudget)
  })

  test('a pattern is compared once with each file', () => {
    const files = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`apps/n${index}/config.yaml`, '']))

    expect(sets(generating(files), matrix(list('a', 2), git('*/n*7/*fig*.y?ml')))).toBe(1000)
    expect(sets(generating(files), matrix(list('a', 20_000), git('*/n*7/*fig*.x?ml')))).toBe(0)
  })

  test('20 clusters with 1000 folders each are not the end, also with templates of 4 kB', () => {
    const made = generating()

    expect(sets(made, matrix(list('cluster', 20), list('folder', 1000)))).toBe(20_000)
    made.budget.spend(4 * 20_000)
    made.budget.spend(mostSets / 2)
  })
})

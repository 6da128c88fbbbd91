import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RerootError } from '../../src/base/index.ts'
import { isAcceptable, parseConfig, reservedWaveNames, rotationHindrances } from '../../src/mesh/index.ts'
import { file, problems } from './problems.ts'
import { argocdConfig, argocdText, bytesOf, configText, makeConfig, thrown } from '../support/mesh.ts'

describe('refused, at its line', () => {
  const base = configText()
  const more = base.split('\n').length
  test.each([
    ['an unknown key', 'mash: shop\n', [`${more}: mash is not a known key`]],
    [
      'an unknown key deep down',
      'pki:\n  root:\n    days: 10\n    dayz: 1\n  intermediate: { days: 5 }\n',
      [`${more + 3}: pki.root.dayz is not a known key`],
    ],
    ['a wrong type', 'extraRoots: roots.pem\n', [`${more}: extraRoots: expected array, received string`]],
    ['a number as text', 'pki: { root: { days: "10" } }\n', [`${more}: pki.root.days: expected number, received string`]],
    ['a number with a fraction', 'pki: { root: { days: 1.5 } }\n', [`${more}: pki.root.days: expected int, received number`]],
    ['too little', 'restarts: { maxWorkloadsPerWave: 0 }\n', [`${more}: restarts.maxWorkloadsPerWave: expected number to be >=1`]],
    [
      'a word that is none of them',
      'pullRequests: some\n',
      [`${more}: pullRequests: expected one of "auto"|"one"|"per-wave"|"per-cluster"`],
    ],
    ['a YAML boolean for a word', 'trustDomain: on\n', [`${more}: trustDomain: expected string, received boolean`]],
    ['nothing where something is expected', 'gates:\n', [`${more}: gates: expected object, received null`]],
    [
      'a path that leaves the repository',
      'extraRoots: [a/../../b.pem]\n',
      [`${more}: extraRoots[0]: must be a path inside the repository, without . or ..`],
    ],
    ['an absolute path', 'extraRoots: [/etc/passwd]\n', [`${more}: extraRoots[0]: must be a path inside the repository, without . or ..`]],
    [
      'a path into git’s own folder',
      'extraRoots: [.git/config]\n',
      [`${more}: extraRoots[0]: must be a path inside the repository, without . or ..`],
    ],
    [
      'a path with a line break',
      'extraRoots: ["a\\nb"]\n',
      [`${more}: extraRoots[0]: must be a path inside the repository, without . or ..`],
    ],
    [
      'a remote that git would take for an option',
      'git: { remote: --upload-pack=x }\n',
      [`${more}: git.remote: must be the name of a branch`],
    ],
    ['a branch that git refuses', 'git: { branch: "a..b" }\n', [`${more}: git.branch: must be the name of a branch`]],
    ['a prefix that is no folder', 'git: { branchPrefix: mesh-ca }\n', [`${more}: git.branchPrefix: must end in / or -`]],
    [
      'a prefix that git refuses',
      'git: { branchPrefix: ../ }\n',
      [`${more}: git.branchPrefix: must be the beginning of the name of a branch`],
    ],
    [
      'a rule that matches nothing',
      'restarts: { rules: [{ match: Pod/a/b }] }\n',
      [`${more}: restarts.rules[0].match: must be Kind/namespace/name; * stands for any run of characters`],
    ],
    ...[
      ['with something behind its tag', 'image: "registry.k8s.io/kubectl:latest typo"'],
      ['with a blank before it', 'image: " registry.k8s.io/kubectl"'],
      ['with an address', 'image: "https://registry.k8s.io/kubectl"'],
      ['with a shell, and a line break', 'shellImage: "alpine/k8s:1.34.3\\n"'],
    ].map(([what, written = '']): [string, string, string[]] => [
      `an image ${what}`,
      `gates: { ${written} }\n`,
      [
        `${more}: gates.${written.split(':')[0] ?? ''}: must be the reference of an image, such as registry.k8s.io/kubectl:v1.34.3: no blank, and nothing behind its tag or digest`,
      ],
    ]),
    [
      'a cluster without anything',
      null,
      [
        '4: clusters[0].paths: is missing',
        '4: clusters[0].istio: is missing',
        '4: clusters[0].cacerts: is missing',
        '4: clusters[0].controller: is missing',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text === null ? 'version: 1\nmesh: shop\nclusters:\n  - name: prod\n' : base + text)).toEqual(expected)
  })

  test.each([
    ['a controller of no known type', 'type: flux', 'type: fleet', '8: clusters[0].controller.type: expected flux | argocd'],
    ['a controller without a type', 'type: flux, ', '', '8: clusters[0].controller.type: is missing'],
    ['a name that is no label', 'name: prod', 'name: Prod_1', '4: clusters[0].name: must be a DNS-1123 label'],
    ['a version that is none', 'version: 1.30.3', 'version: latest', '6: clusters[0].istio.version: must be a version such as 1.30.3'],
    [
      'a version that YAML takes for a number',
      'version: 1.30.3',
      'version: 1.30',
      '6: clusters[0].istio.version: expected string, received number',
    ],
  ])('%s', (_, from, to, expected) => {
    expect(problems(configText().replace(from, to))).toEqual([expected])
  })

  test.each([
    [
      'a destination of Argo CD by neither name nor address',
      'destination: { name: prod }',
      'destination: { cluster: z }',
      [
        '8: clusters[0].controller.destination.cluster is not a known key',
        '8: clusters[0].controller.destination: must have a name or a server',
      ],
    ],
    [
      'an empty destination',
      'destination: { name: prod }',
      'destination: {}',
      ['8: clusters[0].controller.destination: must have a name or a server'],
    ],
    ['a way to unseal that is none', 'type: argocd,', 'type: argocd, unseal: avp,', ['8: clusters[0].controller.unseal: expected "ksops"']],
    [
      'Flux’s keys for Argo CD',
      'type: argocd,',
      'type: argocd, ageKeySecret: sops-age,',
      ['8: clusters[0].controller.ageKeySecret is not a known key'],
    ],
    [
      'a label that YAML takes for a boolean',
      'type: argocd,',
      'type: argocd, labels: { mesh: true },',
      ['8: clusters[0].controller.labels.mesh: expected string, received boolean'],
    ],
  ])('%s', (_, from, to, expected) => {
    expect(argocdText()).toContain(from)
    expect(problems(argocdText().replace(from, to))).toEqual(expected)
  })

  test.each([
    ['a stated workload of no known kind', 'workload: Pod/a/b', 'workload: must be Kind/namespace/name'],
    ['a pattern for a stated workload', 'workload: Deployment/a/*', 'workload: must be Kind/namespace/name'],
    ['a stated workload without a namespace', 'workload: Deployment/a', 'workload: must be Kind/namespace/name'],
    ['a role that is none', 'workload: Deployment/a/b, role: proxy', 'role: expected one of "control-plane"|"ztunnel"|"gateway"|"sidecar"'],
    ['a selector without labels', 'workload: Deployment/a/b, selector: {}', 'selector: must have at least one label'],
  ])('%s', (_, stated, expected) => {
    expect(problems(configText('', ['prod'], `    workloads: [{ ${stated} }]\n`))).toEqual([`9: clusters[0].workloads[0].${expected}`])
  })

  test.each([0, 1441])('a deadline of %s minutes', (minutes) => {
    expect(problems(configText(`gates: { deadlineMinutes: ${minutes} }\n`))).toEqual([
      expect.stringMatching(/^9: gates\.deadlineMinutes: expected number to be [<>]=/),
    ])
  })

  test('everything at once: what is missing, unknown and of the wrong type', () => {
    expect(problems('version: 1\nclusters: []\nextra: 1\npki: { algorithm: dsa, roots: {} }\n')).toEqual(
      expect.arrayContaining([
        '1: mesh: is missing',
        '2: clusters: expected array to have >=1 items',
        '3: extra is not a known key',
        expect.stringMatching(/^4: pki\.algorithm: expected one of/) as unknown,
        '4: pki.roots is not a known key',
      ]),
    )
  })

  test('a file of the future says so, and nothing else', () => {
    expect(problems(configText('more: 1\n').replace('version: 1\n', 'version: 2\n'))).toEqual([
      '1: the file is of a later version than this reroot knows',
    ])
  })

  test.each([
    ['two documents', `${configText()}---\n${configText()}`, 10],
    ['a tab', 'version: 1\n\tmesh: shop\n', 2],
    ['a duplicate key', `${configText()}mesh: other\n`, 9],
  ])('%s', (_, text, line) => {
    expect(problems(text)).toContainEqual(expect.stringMatching(new RegExp(`^${line}: `)))
  })
})

describe('values that contradict each other, at the line of the later one', () => {
  const two = configText('', ['eu', 'us'])
  test.each([
    ['two clusters of one name', two.replace('name: us', 'name: eu'), '9: two clusters have the same name'],
    ['one Secret for two clusters', two.replace('clusters/us/cacerts/', 'clusters/eu/cacerts/'), '12: two clusters share one cacerts file'],
    [
      'one reference for two clusters',
      two.replace('register: clusters/us/', 'register: clusters/eu/'),
      '13: two clusters share one register file',
    ],
    [
      'a cluster of another’s istiod',
      two.replace('    istio: { version: 1.30.3 }', '    controlPlane: us\n    istio: { version: 1.30.3 }'),
      '6: a cluster served by another cluster’s istiod cannot be rotated yet',
    ],
    ['a source that is no Git', two.replace('kind: GitRepository', 'kind: OCIRepository'), '8: the source does not read Git'],
    [
      'a root that is kept outside',
      configText('pki: { root: { custody: external } }\n'),
      '9: a root that is kept outside cannot be asked to sign yet',
    ],
    [
      'an intermediate that outlives its root',
      configText('pki:\n  root: { days: 10 }\n  intermediate: { days: 11 }\n'),
      '11: an intermediate would outlive its root',
    ],
    [
      'two tiers of one name',
      configText('restarts:\n  tiers:\n    - { name: a, namespaces: [x] }\n    - { name: a, namespaces: [z] }\n'),
      '12: two tiers have the same name',
    ],
    [
      'a namespace in two tiers',
      configText('restarts:\n  tiers:\n    - { name: a, namespaces: [x] }\n    - { name: b, namespaces: [z, x] }\n'),
      '12: a namespace is in two tiers',
    ],
    [
      'two clusters of Argo CD’s with one destination',
      argocdText('', ['eu', 'us']).replace('destination: { name: us }', 'destination: { name: eu }'),
      '13: two clusters have the same destination',
    ],
    [
      'two clusters that are both Argo CD’s own, with Applications in one folder',
      argocdText('', ['eu', 'us'])
        .replace('{ name: eu }', '{ name: in-cluster }')
        .replace('{ name: us }', '{ server: "https://kubernetes.default.svc" }')
        .replaceAll(/paths: \[.*\]/g, 'paths: [argocd]'),
      '13: two clusters have the same destination',
    ],
    [
      'two clusters of Argo CD’s with one address, however they are named',
      argocdText('', ['eu', 'us'])
        .replace('{ name: eu }', '{ name: eu, server: "https://10.0.0.1" }')
        .replace('{ name: us }', '{ name: us, server: "https://10.0.0.1" }'),
      '13: two clusters have the same destination',
    ],
    [
      'two clusters of Argo CD’s with one name, of which one has an address too',
      argocdText('', ['eu', 'us']).replace('{ name: us }', '{ name: eu, server: "https://10.0.0.1" }'),
      '13: two clusters have the same destination',
    ],
    [
      'a workload that is stated twice',
      configText('', ['prod'], '    workloads: [{ workload: Deployment/a/b }, { workload: Deployment/a/b, role: gateway }]\n'),
      '9: a workload is stated twice',
    ],
    [
      'an istiod that is stated as a workload too',
      configText('', ['prod'], '    workloads: [{ workload: Deployment/istio-system/istiod, role: control-plane }]\n').replace(
        'version: 1.30.3',
        'version: 1.30.3, istiod: [istiod]',
      ),
      '9: a workload is stated twice',
    ],
    [
      'an istiod that is listed twice',
      configText().replace('version: 1.30.3', 'version: 1.30.3, istiod: [istiod, istiod]'),
      '6: a workload is stated twice',
    ],
    [
      'an expiry without a reason',
      configText('restarts:\n  rules:\n    - { match: "*/a/b", drain: expire }\n'),
      '11: a workload that is not restarted needs a reason',
    ],
    [
      'a rule for a cluster that is not there',
      configText('restarts:\n  rules:\n    - { match: "*/a/b", clusters: [prod, nowhere] }\n'),
      '11: no such cluster',
    ],
    [
      'a finding that nobody may accept',
      configText('accept:\n  - { finding: ca/preflight, reason: it works }\n'),
      '10: this finding cannot be accepted',
    ],
    [
      'a key that a pipeline would push in the clear',
      configText('accept:\n  - { finding: argocd/rendered, reason: nobody reads that branch }\n'),
      '10: this finding cannot be accepted',
    ],
    [
      'an Application that would apply reroot’s folder as it is',
      configText('accept:\n  - { finding: argocd/swallowed, reason: we watch it }\n'),
      '10: this finding cannot be accepted',
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual([expected])
  })

  test.each(reservedWaveNames)('a tier named %s, as a wave of reroot’s own', (name) => {
    expect(problems(configText(`restarts: { tiers: [{ name: ${name}, namespaces: [x] }] }\n`))).toEqual([
      '9: the name is one of reroot’s own waves',
    ])
  })
})

test('what is left out gets its default, and a full configuration is read as it is written', () => {
  expect(makeConfig()).toMatchObject({
    trustDomain: 'cluster.local',
    git: { remote: 'origin', branch: 'main', branchPrefix: 'mesh-ca/' },
    pki: {
      algorithm: 'rsa-4096',
      root: { days: 3650, custody: 'sealed' },
      intermediate: { days: 1825 },
      backdateMinutes: 60,
      renewBeforeDays: 180,
      workloadCertificateHours: 24,
    },
    clusters: [
      {
        controlPlane: 'own',
        istio: { namespace: 'istio-system', revisions: ['default'], multiRoot: false, ztunnel: null, caProvider: 'istiod' },
        controller: { namespace: 'flux-system', ageKeySecret: 'sops-age' },
        namespaces: [],
      },
    ],
    restarts: {
      delivery: 'auto',
      drain: { stage: 'restart', promote: 'restart', retire: 'restart' },
      namespaces: [],
      tiers: [],
      maxWorkloadsPerWave: 50,
      rules: [],
    },
    gates: { timeoutMinutes: 5, deadlineMinutes: 60, shellImage: null },
    pullRequests: 'auto',
    accept: [],
  })
})

test('Flux’s Secret with keys may be none', () => {
  const read = (value: string): unknown =>
    parseConfig(bytesOf(configText().replace('type: flux,', `type: flux, ageKeySecret: ${value},`)), file).clusters[0]?.controller

  expect(read('null')).toMatchObject({ ageKeySecret: null })
  expect(read('keys')).toMatchObject({ ageKeySecret: 'keys' })
  expect(problems(configText().replace('type: flux,', 'type: flux, ageKeySecret: "",'))).toEqual([
    expect.stringContaining('clusters[0].controller.ageKeySecret: '),
  ])
})

test('clusters of Argo CD’s: what is left out gets its default, and a destination may have a name, an address, or both', () => {
  const controllers = (text: string): readonly object[] => parseConfig(bytesOf(text), file).clusters.map(({ controller }) => controller)
  const sparse = argocdText().replace('project: platform, ', '')

  expect(controllers(sparse)).toEqual([
    {
      type: 'argocd',
      namespace: 'argocd',
      project: 'default',
      repoURL: 'https://git.example/shop/platform.git',
      destination: { name: 'prod' },
      labels: {},
      register: 'argocd/mesh-ca-prod.yaml',
      unseal: 'ksops',
    },
  ])
  for (const destination of [{ server: 'https://10.0.0.1' }, { name: 'prod', server: 'https://10.0.0.1' }])
    expect(controllers(sparse.replace('{ name: prod }', JSON.stringify(destination)))).toMatchObject([{ destination }])
  expect(controllers(sparse.replace('type: argocd,', 'type: argocd, labels: { env: prod },'))).toMatchObject([{ labels: { env: 'prod' } }])
})

test.each([
  'https://me:s3cret@git.example/shop/platform.git',
  'https://s3cret@git.example/shop/platform.git',
  'https://me:s3@cret@git.example/shop',
  'ssh://git:s3cret@git.example/shop',
])('a repository with a password is refused: %s', (repoURL) => {
  const written = argocdText().replace(/repoURL: "[^"]*"/, `repoURL: "${repoURL}"`)

  expect(problems(written)).toEqual([expect.stringContaining('repoURL: must be an address without user and password')])
  const error = thrown(() => parseConfig(bytesOf(written), file)) as RerootError
  expect(JSON.stringify(error.findings)).not.toMatch(/s3cret|cret@/)
})

test.each(['git@git.example:shop/platform.git', 'ssh://git@git.example:2222/shop/platform.git', 'https://git.example/a@b/c'])(
  'a repository without one is fine: %s',
  (repoURL) => {
    const written = argocdText().replace(/repoURL: "[^"]*"/, `repoURL: "${repoURL}"`)

    expect(parseConfig(bytesOf(written), file).clusters[0]?.controller).toMatchObject({ repoURL })
  },
)

test('one mesh may have clusters of Flux’s and of Argo CD’s, under several Argo CDs’ projects', () => {
  const [eu, us] = [configText('', ['eu']), argocdText('', ['us', 'asia'])]

  const { clusters } = parseConfig(bytesOf(eu + us.slice(us.indexOf('  - name'))), file)

  expect(clusters.map(({ name, controller }) => `${name}: ${controller.type}`)).toEqual(['eu: flux', 'us: argocd', 'asia: argocd'])
})

test('stated workloads: a role of their own or that of a sidecar, and a selector only where it is stated', () => {
  const cluster =
    '    workloads: [{ workload: Deployment/a/b }, { workload: StatefulSet/a/b, role: gateway, selector: { app: b } }, { workload: Deployment/z/b }]\n'

  expect(argocdConfig('', ['prod'], cluster).clusters[0]?.workloads).toEqual([
    { workload: 'Deployment/a/b', role: 'sidecar' },
    { workload: 'StatefulSet/a/b', role: 'gateway', selector: { app: 'b' } },
    { workload: 'Deployment/z/b', role: 'sidecar' },
  ])
  expect(makeConfig().clusters[0]?.workloads).toEqual([])
})

test('delivery merge is a delivery like the others: whether it is safe is for each workload to say', () => {
  const { restarts } = makeConfig('restarts: { delivery: merge, rules: [{ match: "*/a/b", delivery: merge }] }\n')

  expect(restarts).toMatchObject({ delivery: 'merge', rules: [{ delivery: 'merge' }] })
})

test('what Git does not show may be accepted; what the key or the order depends on may not', () => {
  expect(
    ['argocd/project', 'argocd/manual-sync', 'flux/suspended', 'workloads/opaque', 'restart/unseen'].filter((id) => !isAcceptable(id)),
  ).toEqual([])
  expect(
    [
      'argocd/rendered',
      'argocd/swallowed',
      'argocd/ignored',
      'restart/merge',
      'restart/replaced',
      'restart/owner',
      'ca/preflight',
      'xargocd/project',
    ].filter(isAcceptable),
  ).toEqual([])
})

test('no text makes the reader do anything but read or refuse', () => {
  const more = 'restarts:\n  rules:\n    - { match: "*/a/b" }\n'
  const texts = [configText(more), argocdText(more, ['prod'], '    workloads: [{ workload: Deployment/a/b, selector: { app: b } }]\n')]
  fc.assert(
    fc.property(
      fc.constantFrom(...texts.map((text) => text.split('\n'))),
      fc.nat(100),
      fc.constantFrom('', '  x: 1', '- ', ': ', '? a', '{', '*a', '&a', '!x y', 'null', '\t'),
      (lines, at, line) => {
        const error = thrown(() => parseConfig(bytesOf(lines.with(at % lines.length, line).join('\n')), file))
        if (error !== 'nothing was thrown') expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
      },
    ),
  )
})

describe('what cannot follow a rotation', () => {
  const [cluster] = makeConfig().clusters
  const hindrances = (istio: object): readonly string[] =>
    rotationHindrances({ name: 'prod', istio: { ...cluster!.istio, ...istio } }, file).map(({ id }) => id)

  test.each(['1.23.9', '1.24.5', '1.24.x', '1.24', '1.25.2', '1.25.0-rc.1', 'latest', ''])('ztunnel %j reads one root only', (ztunnel) => {
    expect(hindrances({ ztunnel })).toEqual(['mesh/ztunnel'])
  })

  test.each(['1.24.6', '1.24.6-distroless', '1.25.3', '1.26.0', '1.26.x', '1.30.3', '2.0.0'])('ztunnel %j reads all of them', (ztunnel) => {
    expect(hindrances({ ztunnel })).toEqual([])
  })

  test('a CA outside istiod, and both at once', () => {
    expect(hindrances({ caProvider: 'istio-csr' })).toEqual(['mesh/ca-provider'])
    expect(hindrances({ caProvider: 'vault', ztunnel: '1.20.0' })).toEqual(['mesh/ztunnel', 'mesh/ca-provider'])
  })
})

test('the documentation names every key that there is', () => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const missing = keysOf(
    makeConfig(
      'accept: [{ finding: workloads/opaque, reason: x }]\nrestarts: { tiers: [{ name: a, namespaces: [b] }], rules: [{ match: "*/a/b", clusters: [prod], delivery: job, drain: restart, reason: x }] }\n',
    ),
  )

  expect([...missing].filter((key) => !text.includes(key))).toEqual([])
})

function keysOf(value: unknown): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return new Set()
  return new Set(Object.entries(value).flatMap(([key, item]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(item)]))
}

test.each([
  'kubectl',
  'alpine/k8s:1.34.3',
  'registry.k8s.io/kubectl:v1.34.3',
  'mirror.example:5000/infra/team_a/kubectl__x:1.34--rc.1_b',
  '[2001:db8::1]:5000/kubectl',
  `ghcr.io/shop/kubectl@sha256:${'0a'.repeat(32)}`,
  `localhost/kubectl:v1@sha256:${'0a'.repeat(32)}`,
])('the image %s is taken', (image) => {
  const { gates } = parseConfig(bytesOf(`${configText()}gates: { image: "${image}", shellImage: "${image}" }\n`), file)

  expect(gates).toMatchObject({ image, shellImage: image })
})

import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import type { RerootError } from '../../src/base/index.ts'
import {
  readClusterRecord,
  readMeshRecord,
  readRestartList,
  rootBundleText,
  writeClusterRecord,
  writeMeshRecord,
  writeRestartList,
} from '../../src/rotation/index.ts'
import type { ClusterRecord, MeshRecord, Step } from '../../src/rotation/index.ts'
import { adopted, bytesOf, factsOf, intermediateOf, meshOf, rootOf, takeAll, thrown } from '../support/mesh.ts'

const meshFile = 'mesh-ca/mesh.yaml'
const recordFile = 'mesh-ca/clusters/prod/record.yaml'

function after(...steps: readonly Step[]): { readonly mesh: MeshRecord; readonly record: ClusterRecord } {
  const { mesh, clusters } = takeAll(factsOf(), steps)
  return { mesh, record: clusters[0]!.record }
}
const staged = after('stage')
const stagedText = writeClusterRecord(staged.record)
const meshText = writeMeshRecord(staged.mesh)

const readMesh = (text: string): MeshRecord => readMeshRecord(bytesOf(text), meshFile)
const readRecord = (text: string, mesh = staged.mesh, file = recordFile): ClusterRecord => readClusterRecord(bytesOf(text), file, mesh)

/** Where a refusal points, and what it says: `line: message`. */
function problems(call: () => unknown): readonly string[] {
  const error = thrown(call) as RerootError
  expect(error).toMatchObject({ name: 'RerootError', code: 'RECORD_INVALID' })
  return error.findings.map(({ place, message }) => `${place.line}: ${message}`)
}

/** The text with one line edited, and the number of that line. */
function edit(text: string, from: string | RegExp, to: string): { readonly text: string; readonly line: number } {
  const line = text.slice(0, text.search(from)).split('\n').length
  const edited = text.replace(from, to)
  expect(edited).not.toBe(text)
  return { text: edited, line }
}

describe('an edit of record.yaml by hand is refused at its line', () => {
  const [root1, root2] = [rootOf('g1').certificate, rootOf('g2').certificate]
  test.each([
    ['cluster', /prod/, 'other', 'the record is another cluster’s'],
    ['state', 'state: g2-staged', 'state: g2-promoted', 'state does not follow from the transitions'],
    ['state of another shape', 'state: g2-staged', 'state: g2', 'state: must be a state such as g2-staged'],
    ['signer', 'signer: g1', 'signer: g2', 'signer does not follow from the transitions'],
    [
      'a root bundle that is no hash',
      /rootBundle: "?[0-9a-f]{64}"?/,
      'rootBundle: abc',
      'rootBundle: must be a SHA-256: 64 lower-case hex digits',
    ],
    ['an adopted bundle that is none', 'adoptedRootBundle: null', 'adoptedRootBundle: x', 'this is not the bundle that was taken over'],
    [
      'an adopted bundle of another root',
      'adoptedRootBundle: null',
      `adoptedRootBundle: ${JSON.stringify(root2.pem)}`,
      'this is not the bundle that was taken over',
    ],
    ['the generation of an intermediate', '- generation: g2', '- generation: g3', 'mesh.yaml has no generation g3'],
    ['the state of an intermediate', 'state: active', 'state: former', null],
    ['a candidate without a key', 'state: prepared', 'state: former', null],
    ['two that sign', 'state: prepared', 'state: active', 'an intermediate under g2 cannot be active now'],
    ['a state that there is not', 'state: prepared', 'state: next', 'intermediates[1].state: expected one of "active"|"prepared"|"former"'],
    [
      'the fingerprint',
      /fingerprint: "?[0-9a-f]{64}"?/,
      `fingerprint: "${'0'.repeat(64)}"`,
      'fingerprint differs from the certificate below it',
    ],
    ['a moment', /notAfter: .*/, 'notAfter: "2050-01-01T00:00:00Z"', 'notAfter differs from the certificate below it'],
    ['the id of a transition', 'id: g2-staged', 'id: g3-staged', null],
    ['an id that is none', 'id: g2-staged', 'id: later', 'transitions[0].id: must be the id of a step such as g2-staged'],
    ['the step of a transition', 'step: stage', 'step: replace', null],
    ['the beginning of a transition', 'from: g1-steady', 'from: g1-staged', null],
    ['an unknown key', 'transitions:', 'note: hello\ntransitions:', 'note is not a known key'],
    ['a missing key', /signer: g1\n/, '', 'signer: is missing'],
  ] as const)('%s', (_, from, to, message) => {
    const { text, line } = edit(stagedText, from, to)
    const found = problems(() => readRecord(text))

    if (message === null) expect(found.length).toBeGreaterThan(0)
    else expect(found).toContain(message === 'signer: is missing' ? '2: signer: is missing' : `${line}: ${message}`)
    expect(root1.fingerprint).not.toBe(root2.fingerprint)
  })

  test('trusted, in another order', () => {
    expect(problems(() => readRecord(stagedText.replace('- g1\n  - g2', '- g2\n  - g1')))).toEqual([
      `${lineOf(stagedText, 'trusted:')}: trusted does not follow from the transitions`,
    ])
  })

  test('a transition that says another step: at the transition', () => {
    expect(problems(() => readRecord(stagedText.replace('step: stage', 'step: replace')))).toEqual([
      `${lineOf(stagedText, '- id: g2-staged')}: g2-staged is not the id of a replace`,
    ])
  })

  test('an intermediate of somebody else, with facts that fit it', () => {
    const [own, other] = [intermediateOf('g2'), intermediateOf('g1', 'other')]
    const record = {
      ...staged.record,
      intermediates: staged.record.intermediates.map((one) => (one.certificate === own ? { ...one, certificate: other } : one)),
    }
    const text = writeClusterRecord(record)

    expect(problems(() => readRecord(text))).toEqual([`${lineOf(text, 'certificate: |', 1)}: the root of g2 did not sign this certificate`])
  })

  test('a key that the record says is prepared, though restore brings back no key', () => {
    const { mesh, record } = after('stage', 'promote', 'retire', 'restore')
    const text = writeClusterRecord(record)

    expect(readRecord(text, mesh)).toEqual(record)
    expect(problems(() => readRecord(text.replace('state: former', 'state: prepared'), mesh))).toEqual([
      `${lineOf(text, 'state: former')}: an intermediate under g1 cannot be prepared now`,
    ])
  })

  test('a generation that mesh.yaml has lost, even an abandoned one: its number must not be used again', () => {
    const { record } = after('stage', 'abandon')

    expect(problems(() => readRecord(writeClusterRecord(record), meshOf(1)))).toEqual([
      expect.stringContaining('mesh.yaml has no generation g2'),
      expect.stringContaining('mesh.yaml has no generation g2'),
      expect.stringContaining('mesh.yaml has no generation g2'),
    ])
  })

  test('the record of another cluster, at this one’s place', () => {
    expect(problems(() => readRecord(stagedText, staged.mesh, 'mesh-ca/clusters/us/record.yaml'))).toEqual([
      `${lineOf(stagedText, 'cluster:')}: the record is another cluster’s`,
    ])
  })
})

describe('an edit of mesh.yaml by hand is refused at its line', () => {
  test.each([
    [
      'fingerprint',
      /fingerprint: "?[0-9a-f]{64}"?/,
      `fingerprint: "${'0'.repeat(64)}"`,
      'fingerprint differs from the certificate below it',
    ],
    ['algorithm', /algorithm: .*/, 'algorithm: rsa-4096', 'algorithm differs from the certificate below it'],
    ['subject', /subject: .*/, 'subject: "CN=me"', 'subject differs from the certificate below it'],
    ['notBefore', /notBefore: .*/, 'notBefore: "2020-01-01T00:00:00Z"', 'notBefore differs from the certificate below it'],
    ['notAfter', /notAfter: .*/, 'notAfter: "2060-01-01T00:00:00Z"', 'notAfter differs from the certificate below it'],
    [
      'a moment with a fraction',
      /notAfter: .*/,
      'notAfter: "2060-01-01T00:00:00.000Z"',
      'generations[0].notAfter: must be a moment such as 2031-02-27T09:00:00Z',
    ],
    ['origin', 'origin: adopted', 'origin: found', 'generations[0].origin: expected one of "adopted"|"issued"|"external"'],
    ['rootKey', 'rootKey: unknown', 'rootKey: gone', 'generations[0].rootKey: expected one of "unknown"|"sealed"|"discarded"|"external"'],
    ['id', 'id: g2', 'id: g1', 'generations are not in the order of their numbers'],
    ['id below the one before', 'id: g1', 'id: g3', null],
    ['id that is none', 'id: g1', 'id: one', 'generations[0].id: must be a generation such as g1'],
    ['a broken certificate', '-----END CERTIFICATE-----', '-----END CERTIFICAT-----', null],
  ] as const)('%s', (_, from, to, message) => {
    const { text, line } = edit(meshText, from, to)
    const found = problems(() => readMesh(text))

    if (message === null) expect(found).toHaveLength(1)
    else expect(found).toContain(`${line}: ${message}`)
  })

  test('two generations that are one certificate', () => {
    const [one, two] = staged.mesh.generations
    const text = writeMeshRecord({ ...staged.mesh, generations: [one!, { ...two!, certificate: one!.certificate }] })

    expect(problems(() => readMesh(text))).toEqual([`${lineOf(text, 'fingerprint:', 1)}: g2 is the same certificate as g1`])
  })

  test('all problems at once', () => {
    const text = meshText.replaceAll(/subject: .*/g, 'subject: x').replace(/algorithm: .*/, 'algorithm: x')

    expect(problems(() => readMesh(text))).toHaveLength(3)
  })
})

describe('a file as a whole', () => {
  const read = {
    'mesh.yaml': readMesh,
    'record.yaml': readRecord,
    'restarts.yaml': (text: string) => readRestartList(bytesOf(text), 'restarts.yaml'),
  }
  const texts = {
    'mesh.yaml': meshText,
    'record.yaml': stagedText,
    'restarts.yaml': writeRestartList({ id: 'g2-staged', entry: null, namespaces: [], waves: [] }),
  }
  const files = ['mesh.yaml', 'record.yaml', 'restarts.yaml'] as const

  test.each(files)('%s with the markers of a merge conflict', (file) => {
    const [first = '', ...rest] = texts[file].split('\n')
    const found = problems(() =>
      read[file]([first, '<<<<<<< HEAD', 'version: 1', '=======', 'version: 1', '>>>>>>> other', ...rest].join('\n')),
    )

    expect(found).toContainEqual(expect.stringMatching(/^2: not valid YAML/))
  })

  test.each(files)('%s of the future says so, and nothing else', (file) => {
    const error = thrown(() => read[file](texts[file].replace('version: 1', 'version: 2\nmore: { of: it }')))

    expect(error).toMatchObject({
      code: 'RECORD_INVALID',
      message: expect.stringMatching(/was written by a later version of reroot$/) as unknown,
      findings: [
        {
          message: 'the file is of a later version than this reroot knows',
          expected: 'version 1',
          found: 'version 2',
          place: { line: expect.any(Number) as unknown },
        },
      ],
    })
  })

  test.each(
    files.flatMap(
      (file) =>
        [
          [file, 'nothing', ''],
          [file, 'a list', '- 1\n'],
          [file, 'two documents', `${texts[file]}---\n${texts[file]}`],
          [file, 'bytes', '\u0000'],
        ] as const,
    ),
  )('%s that is %s', (file, _, text) => {
    expect(problems(() => read[file](text)).length).toBeGreaterThan(0)
  })
})

test('what is written reads back as it was, in every phase', () => {
  const ways: readonly (readonly Step[])[] = [
    [],
    ['stage'],
    ['stage', 'promote'],
    ['stage', 'promote', 'retire'],
    ['stage', 'promote', 'retire', 'restore'],
    ['stage', 'promote', 'demote'],
    ['stage', 'promote', 'demote', 'abandon'],
    ['replace'],
    ['stage', 'promote', 'replace', 'stage'],
  ]
  for (const way of ways) {
    const { mesh, record } = after(...way)
    expect(readMesh(writeMeshRecord(mesh)), way.join()).toEqual(mesh)
    expect(readRecord(writeClusterRecord(record), mesh), way.join()).toEqual(record)
    expect(writeClusterRecord(readRecord(writeClusterRecord(record), mesh))).toBe(writeClusterRecord(record))
  }
})

test('readers of YAML 1.1 and 1.2 see the same record', () => {
  for (const text of [stagedText, meshText]) expect(parse(text, { version: '1.1' })).toEqual(parse(text, { version: '1.2' }))
})

test('the bundle that was taken over is given back byte for byte while g1 alone is trusted, and only then', () => {
  const taken = `# root of the shop\r\n${rootOf('g1').certificate.pem}`
  const record = { ...adopted(), adoptedRootBundle: taken }
  const mesh = meshOf(2)
  const pems = [rootOf('g1').certificate.pem, rootOf('g2').certificate.pem]
  const extra = [rootOf('g9').certificate]

  expect(readRecord(writeClusterRecord(record), meshOf(1)).adoptedRootBundle).toBe(taken)
  expect(rootBundleText(mesh, { phase: 'steady', signer: 'g1' }, extra, taken)).toBe(taken)
  expect(rootBundleText(mesh, { phase: 'staged', signer: 'g1', candidate: 'g2' }, extra, taken)).toBe([...pems, extra[0]!.pem].join(''))
  expect(rootBundleText(mesh, { phase: 'steady', signer: 'g2' }, [], taken)).toBe(pems[1])
  expect(() => rootBundleText(mesh, { phase: 'steady', signer: 'g7' }, [], null)).toThrow(new TypeError('mesh.yaml has no generation g7'))
})

/** The line (from 1) of the nth text that starts so. */
function lineOf(text: string, start: string, nth = 0): number {
  const lines = text.split('\n').flatMap((line, index) => (line.trimStart().startsWith(start) ? [index + 1] : []))
  return lines[nth] ?? 0
}

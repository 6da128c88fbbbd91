import { expect, test } from 'vitest'
import { readManifests } from '../../src/workloads/manifest.ts'
import { makeReport } from '../../src/workloads/report.ts'
import { readWholeTree } from '../../src/workloads/source-tree.ts'

test('a file that links show under many paths is parsed once, and findings name each path', () => {
  const many = Array.from({ length: 2000 }, (_, index) => `links/${index}.yaml`)
  const bytes = new TextEncoder().encode(`apiVersion: v1\n---\n- ${'x'.repeat(500_000)}\n`)
  const broken = new TextEncoder().encode('a: b\nc: [\n')
  const report = makeReport()
  const files = { list: () => [...many, 'one.yaml', 'two.yaml'], read: (path: string) => (path.startsWith('links/') ? bytes : broken) }
  const manifests = readManifests(readWholeTree(files), report)

  const read = many.map((path) => manifests.documents(path))
  const whole = many.map((path) => manifests.wholeDocuments(path))

  expect(read.map((documents) => documents.map(({ site }) => site))).toEqual(
    many.map((file) => [
      { file, document: 0, line: 1 },
      { file, document: 1, line: 3 },
    ]),
  )
  expect(new Set(read.map((documents) => documents[1]?.value)).size).toBe(1)
  expect(new Set(whole.map((documents) => documents[1]?.value)).size).toBe(1)
  expect(['one.yaml', 'two.yaml'].map((path) => manifests.documents(path))).toEqual([[], []])
  expect(report.all().map(({ id, place }) => `${id} ${place.file}:${place.line}`)).toEqual([
    'yaml/syntax one.yaml:3',
    'yaml/syntax two.yaml:3',
  ])
})

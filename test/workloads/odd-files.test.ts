import { describe, expect, test } from 'vitest'
import { oddKustomizations, oddManifests } from './odd-files.ts'
import { readOdd } from './read-odd.ts'

// What kustomize makes of each is held by test/interop/odd-files.test.ts.
describe.each([
  ['manifests', oddManifests, 'o/d.yaml'],
  ['kustomizations', oddKustomizations, 'o/kustomization.yaml'],
] as const)('odd %s', (_, files, file) => {
  test.each(files.map((odd) => [odd.name, odd] as const))('%s', (_name, odd) => {
    const { findings } = readOdd(odd)

    const [first] = findings
    if (odd.finding === null) expect(findings).toEqual([])
    else {
      expect(`${first?.severity} ${first?.id} ${first?.place.line ?? '-'}: ${first?.message}`).toContain(odd.finding)
      expect(first?.place.file).toBe(file)
      expect(first?.remedy).not.toBe('')
      expect(first?.expected ?? '').not.toBe('')
    }
    for (const finding of findings.filter(({ severity }) => severity === 'error')) expect(finding.message).toMatch(/^\S.*[^.\n]$/)
  })
})

test('what is found is said: the value that YAML made of it', () => {
  const found = (name: string): string | undefined => {
    const odd = oddManifests.find((one) => one.name === `a Deployment named ${name}`)
    return odd === undefined ? undefined : readOdd(odd).findings[0]?.found
  }

  expect([found('y'), found('0777'), found('!!binary eA==')]).toEqual(['the boolean true', 'the number 511', 'bytes (!!binary)'])
})

test('a template is one finding, however many errors it gives', () => {
  const odd = oddManifests.find(({ name }) => name === 'a template around lines')

  expect(odd === undefined ? null : readOdd(odd).findings).toHaveLength(1)
})

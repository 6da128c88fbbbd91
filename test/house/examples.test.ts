import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { onPath } from '../support/tools.ts'

const examples = join(import.meta.dirname, '../../examples')
const files = readdirSync(examples, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
  .map((entry) => relative(examples, join(entry.parentPath, entry.name)))
  .sort()
const manifests = files.filter((file) => !/(^|\/)(\.sops|kustomization|reroot|mesh|record|restarts|values-[a-z]+)\.yaml$/.test(file))
const kustomizations = files.filter((file) => file.endsWith('/kustomization.yaml')).map((file) => dirname(file))

test.each(manifests)('%s holds Kubernetes objects, each with a name', (file) => {
  const documents = parseAllDocuments(readFileSync(join(examples, file), 'utf8'))

  expect(documents.length).toBeGreaterThan(0)
  for (const document of documents) {
    expect(document.errors).toEqual([])
    expect(document.toJS()).toMatchObject({
      apiVersion: expect.stringMatching(/^([a-z0-9.-]+\/)?v\d[a-z0-9]*$/),
      kind: expect.stringMatching(/^[A-Z]/),
      metadata: { name: expect.stringMatching(/^[a-z0-9.-]+$/) },
    })
  }
})

test.skipIf(!onPath('kustomize')).each(kustomizations)('kustomize builds %s', (folder) => {
  const built = execFileSync('kustomize', ['build', join(examples, folder)], { encoding: 'utf8' })

  expect(built).toMatch(/^kind: /m)
})

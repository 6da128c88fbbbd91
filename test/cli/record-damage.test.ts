import { expect, test } from 'vitest'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const own = 'mesh-ca/clusters/prod'
const record = [`mesh-ca/mesh.yaml`, `${own}/record.yaml`, `${own}/restarts.yaml`] as const
const refusal = { exitCode: 2, code: 'RECORD_INVALID' } as const

function editAll(sandbox: Sandbox, edit: (text: string) => string): void {
  sandbox.forge.push(Object.fromEntries(record.map((path) => [path, edit(sandbox.forge.file(path))])))
}

test('markers of a merge conflict: every file and every conflict at once, by promote and by status', async () => {
  const sandbox = await sandboxIn('staged')
  editAll(sandbox, (text) => text.replace('\n', '\n<<<<<<< HEAD\nversion: 1\n=======\nversion: 1\n>>>>>>> other\n'))

  for (const command of ['promote', 'status']) {
    const { stderr } = await sandbox.refuses([command], {
      ...refusal,
      says: record.map((path) => `${path}:2: not valid YAML: lines 2 to 6 are a merge conflict that nobody resolved`),
    })
    expect(stderr.match(/^error: /gm)).toHaveLength(4)
    expect(stderr).toContain('must be taken whole from the side that is right')
  }
})

test('files of a later version: each says so, once', async () => {
  const sandbox = await sandboxIn('staged')
  editAll(sandbox, (text) => text.replace('version: 1', 'version: 2\nof: the future'))

  await sandbox.refuses(['promote'], {
    ...refusal,
    says: [
      ...record.map((path) => new RegExp(`${path}:\\d: the file is of a later version`)),
      'hint: use that version or a later one; do not edit the file\n',
    ],
  })
})

test('files that are lost: all are named, with the command that finds them; a lost list is made again by its step', async () => {
  const sandbox = await sandboxIn('staged')
  const list = sandbox.forge.file(record[2])
  sandbox.forge.push({ [record[2]]: null })
  await sandbox.refuses(['promote', '--confirmed', 'seen'], { exitCode: 3, code: 'REFUSED', says: ['run `reroot stage` again'] })
  await sandbox.takes(['stage'], 'mesh-ca/g2-staged')
  expect(sandbox.forge.file(record[2])).toBe(list)

  sandbox.forge.push({ [record[0]]: null, [record[1]]: null })
  await sandbox.refuses(['promote'], {
    ...refusal,
    says: [`${record[0]} is missing; ${record[1]} is missing`, ...record.slice(0, 2).map((path) => `git log --diff-filter=D -- ${path}`)],
  })
})

test('two generations, staged side by side, whose pull requests were both merged with the lines of both', async () => {
  const sandbox = await sandboxIn('staged')
  const text = sandbox.forge.file(record[1])
  const transition = /^transitions:\n([\s\S]*)$/m.exec(text)?.[1] ?? ''

  sandbox.forge.push({ [record[1]]: text + transition })
  await sandbox.refuses(['promote'], { ...refusal, says: [/record\.yaml:\d+: g2-staged is no id of a transition, or is used twice/] })
  sandbox.forge.push({ [record[1]]: text + transition.replaceAll('g2', 'g3') })
  await sandbox.refuses(['promote'], {
    ...refusal,
    says: [/record\.yaml:\d+: g3-staged starts from g1-steady, where the cluster was not/, 'expected: g2-staged'],
  })

  const mesh = sandbox.forge.file(record[0])
  const second = /^ {2}- id: g2\n[\s\S]*/m.exec(mesh)?.[0] ?? ''
  sandbox.forge.push({ [record[0]]: mesh + second, [record[1]]: text })
  await sandbox.refuses(['promote'], {
    ...refusal,
    says: [/mesh\.yaml:\d+: generations are not in the order/, /mesh\.yaml:\d+: g2 is the same certificate as g2/],
  })
})

test('a record that somebody took back alone, while the Secret and the list went on', async () => {
  const sandbox = await sandboxIn('promoted')
  const [recordBefore, listBefore] = [record[1], record[2]].map((path) => sandbox.forge.file(path, 'main^1'))

  sandbox.forge.push({ [record[1]]: recordBefore ?? '' })
  await sandbox.refuses(['rollback'], {
    ...refusal,
    says: [
      /restarts\.yaml:\d+: the list is of a step that the record does not have/,
      'expected: one of the steps in record.yaml: g2-staged',
      'found: g2-promoted',
    ],
  })
  sandbox.forge.push({ [record[2]]: listBefore ?? '' })
  for (const command of ['rollback', 'promote'])
    await sandbox.refuses([command, '--confirmed', 'looked'], {
      exitCode: 3,
      code: 'REFUSED',
      says: ['record/secret', 'reroot.dev/state is not what the record says', 'expected: g2-staged', 'found: g2-promoted'],
    })
  expect((await sandbox.does(['status'])).stdout).toContain('record/secret')
})

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { restartScript } from '../../charts/scripts.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scripts-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs the script in `shop` and `pay` with a kubectl that notes its calls, finds `meshed` everywhere, and prints `columns` as custom columns. */
function restart(
  meshed: readonly string[],
  columns: readonly string[],
): { readonly status: number | null; readonly stderr: string; readonly calls: string } {
  const kubectl = join(folder, 'kubectl')
  writeFileSync(
    kubectl,
    `#!/bin/sh
echo "$*" >> '${folder}/calls'
case "$*" in
  *namespace.tmpl) printf all ;;
  *go-template*) printf '${meshed.map((one) => `${one}\\n`).join('')}' ;;
  *custom-columns*) printf '${columns.map((one) => `${one}\\n`).join('')}' ;;
esac
`,
  )
  chmodSync(kubectl, 0o755)
  const { status, stderr } = spawnSync('sh', ['-c', restartScript], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, NAMESPACES: 'shop pay', PATCH: '{}' },
  })
  return { status, stderr, calls: readFileSync(join(folder, 'calls'), 'utf8') }
}

test('what is meshed is patched in every namespace, and waited for', () => {
  const { status, calls } = restart(['Deployment/a', 'StatefulSet/b'], ['Deployment    a   <none>', 'StatefulSet   b   0'])

  expect(status).toBe(0)
  for (const namespace of ['shop', 'pay'])
    for (const call of ['patch', 'rollout status']) expect(calls).toContain(`${call} Deployment/a StatefulSet/b --namespace=${namespace}`)
})

test('a StatefulSet with a partition fails by name, once all is patched', () => {
  const { status, stderr, calls } = restart(['StatefulSet/b', 'StatefulSet/c'], ['StatefulSet   b   2', 'StatefulSet   c   <none>'])

  expect(status).toBe(1)
  expect(stderr).toBe('StatefulSet/b in namespace shop has partition 2: set it to 0\n')
  expect(calls.match(/^patch .*/gm)).toHaveLength(2)
})

test('nothing is patched where nothing is meshed', () => {
  const { status, calls } = restart([], [])

  expect(status).toBe(0)
  expect(calls).not.toMatch(/patch|rollout|custom-columns/)
})

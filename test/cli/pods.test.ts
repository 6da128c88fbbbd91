import { expect, test } from 'vitest'
import { clusterFolder } from '../support/live-secret.ts'
import type { Sandbox } from '../support/sandbox.ts'
import { sandboxIn } from '../support/states.ts'

const waves = `${clusterFolder}/waves`
const gate = `${waves}/01-control-plane/gate.yaml`

/** Somebody finds out that no node takes the Jobs' pods, and says in `reroot.yaml` what they bear. */
const bearTaints = (sandbox: Sandbox): void =>
  sandbox.forge.edit('mesh-ca/reroot.yaml', [['gates:\n', 'gates:\n  pod: { tolerations: [{ key: dedicated, operator: Exists }] }\n']])

/** What is expected of a Job whose pod could not run: another name, for the same work. */
function expectAnew(before: string, after: string): void {
  const nameOf = (text: string): string | undefined => /name: (mesh-ca-\S+-gate-[0-9a-f]{8})/.exec(text)?.[1]
  expect(nameOf(before)).toBeDefined()
  expect(nameOf(after)).not.toBe(nameOf(before))
  expect(after).toContain('key: dedicated')
}

test('a step that is run again after its pods could not run makes its Jobs anew, and nothing else', async () => {
  const sandbox = await sandboxIn('staged')
  const before = sandbox.forge.file(gate)
  bearTaints(sandbox)

  await sandbox.does(['stage'], { as: sandbox.operator })

  expectAnew(before, sandbox.forge.file(gate, 'mesh-ca/g2-staged'))
  const changed = sandbox.forge.text('diff', '--name-only', 'main', 'mesh-ca/g2-staged').trim().split('\n')
  expect(changed.filter((path) => !path.startsWith(`${waves}/`))).toEqual([])
})

test('replace would make another root, so after it render writes the Jobs anew, and nothing else', async () => {
  const sandbox = await sandboxIn('initialised')
  await sandbox.takes(['replace'], 'mesh-ca/g2-replaced')
  const before = sandbox.forge.file(gate)
  bearTaints(sandbox)
  sandbox.git('pull', '--quiet')

  await sandbox.does(['render', '--out', '.'])

  expectAnew(before, sandbox.git('diff', '--unified=9999', '--', gate).replaceAll(/^-.*\n/gm, ''))
  const changed = sandbox.git('status', '--short').trim().split('\n')
  expect(changed.filter((line) => !line.includes(`M ${waves}/`))).toEqual([])
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { orphansOf, runCommand, runWith, withUndisturbed } from '../crashes/crash-runs.ts'
import type { Undisturbed } from '../crashes/crash-runs.ts'
import { commitsOf, leftBehind, outcomeOf, untouched } from '../crashes/outcome.ts'
import { scenes } from '../crashes/scenes.ts'
import type { Scene } from '../crashes/scenes.ts'
import { Sandbox } from '../support/sandbox.ts'

/** `stage` with a pre-push hook that takes some seconds: a push that goes on alone is at work while the next run is. */
const slowStage: Scene = {
  ...scenes.find(({ name }) => name === 'stage')!,
  prepare(sandbox) {
    const hooks = join(sandbox.clone, '.git/hooks')
    mkdirSync(hooks, { recursive: true })
    writeFileSync(join(hooks, 'pre-push'), '#!/bin/sh\nsleep 4\n', { mode: 0o755 })
  },
}

test('git that goes on pushing when its run is killed: one run’s branch is there, whole, and the next run takes it up', () =>
  withUndisturbed(slowStage, pushesGoOn))

async function pushesGoOn(whole: Undisturbed): Promise<void> {
  const sandbox = Sandbox.copyOf(whole.folder)
  const before = untouched(sandbox)
  const push = whole.points.find(({ how, effect }) => how === 'orphan' && effect.what.includes(' push '))!

  const { pid } = await runWith(whole, sandbox, push)
  expect(commitsOf(sandbox)).toEqual([])
  // It starts while the orphan waits for the hook. Whose push comes second has lost its lease.
  const second = await runCommand(whole.scene, sandbox)
  await orphansOf(pid)
  const commits = commitsOf(sandbox)
  expect((await outcomeOf(sandbox, whole.scene)).remote).toEqual(whole.outcome.remote)
  if (second.exitCode !== 0) {
    expect(second.stderr).toContain('was changed by someone else in the meantime; nothing was pushed')
    expect(second.exitCode).toBe(4)
  }

  const third = await runCommand(whole.scene, sandbox)

  expect(third, third.stderr).toMatchObject({ exitCode: 0 })
  expect(commitsOf(sandbox)).toEqual(commits)
  expect(untouched(sandbox)).toEqual(before)
  expect(leftBehind(sandbox)).toEqual(whole.living)
}

import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeFolder, removeFolderNow } from '../../src/adapters/remove-folder.ts'

/** Fails in the given way so many times. */
function failing(code: string, times: number): { remove: () => Promise<void>; tries: () => number } {
  let tries = 0
  return {
    tries: () => tries,
    remove: () => (tries++ < times ? Promise.reject(Object.assign(new Error(code), { code })) : Promise.resolve()),
  }
}

test.each([
  ['EBUSY', 2, 3],
  ['ENOTEMPTY', 3, 4],
])('a folder that is %s %i times is removed', async (code, times, tries) => {
  const folder = failing(code, times)

  await removeFolder('x', folder.remove)

  expect(folder.tries()).toBe(tries)
})

test.each([
  ['EBUSY', 4],
  ['EACCES', 1],
])('a folder that stays %s is tried %i times in all, however deep it is', async (code, tries) => {
  const folder = failing(code, Infinity)

  await expect(removeFolder('x', folder.remove)).rejects.toMatchObject({ code })
  expect(folder.tries()).toBe(tries)
})

test('a folder goes with all that is in it, also if it is gone already', async () => {
  const make = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'remove-test-'))
    mkdirSync(join(folder, 'a/b/c'), { recursive: true })
    writeFileSync(join(folder, 'a/b/c/d'), '')
    return folder
  }
  const [one, other] = [make(), make()]

  for (const _ of [1, 2]) {
    await removeFolder(one)
    removeFolderNow(other)
  }

  expect([existsSync(one), existsSync(other)]).toEqual([false, false])
})

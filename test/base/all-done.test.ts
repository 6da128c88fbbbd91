import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { allDone } from '../../src/base/index.ts'

test('all values, in their order', async () => {
  expect(await allDone([setTimeout(5, 'a'), 'b', Promise.resolve(1)])).toEqual(['a', 'b', 1])
})

test('the first failure of the list is told, once all have ended', async () => {
  const ended: string[] = []
  const fail = async (name: string, ms: number): Promise<never> => {
    await setTimeout(ms)
    ended.push(name)
    throw new Error(name)
  }

  await expect(allDone([fail('first', 20), fail('second', 1)])).rejects.toThrow('first')
  expect(ended).toEqual(['second', 'first'])
})

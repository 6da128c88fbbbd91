import { afterAll, afterEach, beforeAll } from 'vitest'
import { labFolder } from './folder.ts'
import { buildPrograms } from './programs/build.ts'
import type { Programs } from './programs/build.ts'
import { configure, takeStep } from './rotation.ts'
import { say } from './say.ts'
import type { World, WorldWishes } from './worlds/world.ts'

/** The world of a block of tests. */
export interface Scene<Kind extends World> {
  /** @throws TypeError before the first test. */
  readonly world: Kind
}

export type Start<Kind extends World> = (programs: Programs, folder: string, wishes: WorldWishes) => Promise<Kind>

export interface SceneWishes extends WorldWishes {
  readonly takeOver?: boolean
  readonly config?: readonly (readonly [from: string, to: string])[]
}

/** New keys at once. */
export const withEcdsa = ['algorithm: rsa-4096', 'algorithm: ecdsa-p256'] as const

/**
 * Starts a world before the tests of a block, and ends it behind them. If one fails, the logs are kept.
 * @param wishes.takeOver whether reroot takes over the CA that was made by hand; unless said, it does.
 * @param wishes.config edits of `reroot.yaml` then.
 */
export function scene<Kind extends World>(start: Start<Kind>, { takeOver = true, config = [], ...wishes }: SceneWishes = {}): Scene<Kind> {
  let world: Kind | null = null
  let failed = false
  beforeAll(async () => {
    // Until all of it has gone well.
    failed = true
    world = await start(await buildPrograms(say), await labFolder(), wishes)
    await world.applied(await world.operator.head())
    if (takeOver) await takeStep(world, 'init', 'mesh-ca/init', ['--mesh', 'shop'])
    if (config.length > 0) await configure(world, config)
    failed = false
  })
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed = true
  })
  afterAll(async () => world?.stop(failed))
  return {
    get world() {
      if (world === null) throw new TypeError('no world yet')
      return world
    },
  }
}

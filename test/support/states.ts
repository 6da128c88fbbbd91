import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { join } from 'node:path'
import { built } from './built.ts'
import { Forge } from './forge.ts'
import { environmentOf, keep, Sandbox } from './sandbox.ts'
import { deliverInPlace, laidOutCa, secretOf } from './sealed-secret.ts'
import { twoClusters } from './two-clusters.ts'

const choose = (sandbox: Sandbox): void => sandbox.forge.edit('mesh-ca/reroot.yaml', [['algorithm: rsa-4096', 'algorithm: ecdsa-p256']])

/** How each state is reached from the one before it. */
const ways = {
  fresh: { from: null, make: () => Sandbox.make(), go: () => Promise.resolve() },
  /** A team that has the Secret sealed in Git, delivered by its own Kustomization. */
  inPlace: {
    from: 'fresh',
    async go(sandbox: Sandbox) {
      await deliverInPlace(sandbox, secretOf(laidOutCa(sandbox)))
      await sandbox.takes(['init', '--mesh', 'shop', '--custodian', sandbox.custodian.recipient], 'mesh-ca/init', {
        as: sandbox.operator,
        ownProcess: true,
      })
      choose(sandbox)
    },
  },
  /** A mesh of `prod` and `prod-us`. */
  twoClusters: {
    from: null,
    make: () => twoClusters(),
    async go(sandbox: Sandbox) {
      await sandbox.takes(sandbox.initArguments('--cluster-recipient', `prod-us=${sandbox.reader('us').recipient}`), 'mesh-ca/init', {
        as: sandbox.operator,
        ownProcess: true,
      })
      choose(sandbox)
    },
  },
  /** The example of Argo CD: `prod-eu` and `prod-us`. */
  argocdFresh: {
    from: null,
    make: () => Sandbox.make({ example: 'argocd', clusters: ['prod-eu', 'prod-us'] }),
    go: () => Promise.resolve(),
  },
  argocd: {
    from: 'argocdFresh',
    async go(sandbox: Sandbox) {
      await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator, ownProcess: true })
      choose(sandbox)
    },
  },
  initialised: {
    from: 'fresh',
    async go(sandbox: Sandbox) {
      await sandbox.takes(sandbox.initArguments(), 'mesh-ca/init', { as: sandbox.operator, ownProcess: true })
      choose(sandbox)
    },
  },
  staged: {
    from: 'initialised',
    go: (sandbox: Sandbox) => sandbox.takes(['stage'], 'mesh-ca/g2-staged', { as: sandbox.operator, ownProcess: true }),
  },
  promoted: { from: 'staged', go: (sandbox: Sandbox) => sandbox.takes(['promote'], 'mesh-ca/g2-promoted', { ownProcess: true }) },
  retired: { from: 'promoted', go: (sandbox: Sandbox) => sandbox.takes(['retire'], 'mesh-ca/g2-steady', { ownProcess: true }) },
} as const

export type State = keyof typeof ways

/** A sandbox of the test's own that is in this state. Each state is reached once a run, whichever file needs it first. */
export async function sandboxIn(state: State): Promise<Sandbox> {
  return Sandbox.copyOf(await folderOf(state))
}

async function folderOf(state: State): Promise<string> {
  const place = join(built().states, state)
  for (;;) {
    if (existsSync(place)) return place
    if (takeLock(`${place}.lock`)) break
    await setTimeout(20)
  }
  try {
    if (!existsSync(place)) await reach(state, place)
    return place
  } finally {
    rmSync(`${place}.lock`, { recursive: true })
  }
}

async function reach(state: State, place: string): Promise<void> {
  const way = ways[state]
  const sandbox = way.from === null ? await way.make() : Sandbox.copyOf(await folderOf(way.from))
  await way.go(sandbox)
  // Few files are copied faster than many.
  for (const repository of [sandbox.forge, new Forge(sandbox.clone, environmentOf(sandbox.folder))]) repository.text('repack', '-adq')
  renameSync(keep(sandbox), place)
}

/** A folder is made by one only: also between processes. */
function takeLock(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch {
    return false
  }
}

import { groupBy } from '../base/index.ts'
import type { Config } from '../mesh/index.ts'
import type { Wave } from '../rotation/index.ts'
import type { MeshRole, Workload } from '../workloads/index.ts'

/** What a wave needs to know of a restart. */
export interface Restartable {
  readonly source: Pick<Workload, 'id' | 'role'>
}

/** A wave before it is written down. */
export interface PlannedWave<Item> {
  readonly name: string
  readonly restarts: readonly Item[]
  readonly namespaces: readonly string[]
}

/** Whether a wave of the frozen list restarts anything: one whose workloads all expire has no Job and no gate, and no link of its own but that of the control plane. */
export function restartsAnything(wave: Wave): boolean {
  return wave.namespaces.length > 0 || wave.restarts.some((restart) => restart.delivery !== 'none')
}

/** The wave that comes first; as long as it has not restarted, nobody shows the mesh new roots. */
export const controlPlaneWave = 'control-plane'

/**
 * The waves whose rollouts the gate of a wave waits for: its own. `replace` breaks mutual TLS until the last workload has restarted: there no gate behind the
 * control plane's waits, but the last, which waits for all of them.
 */
export function rolledOutBy(wave: Wave, { waves }: { readonly waves: readonly Wave[] }, breaksMutualTls: boolean): readonly Wave[] {
  if (!breaksMutualTls || wave.name === controlPlaneWave) return [wave]
  const behind = waves.filter((one) => one.name !== controlPlaneWave && restartsAnything(one))
  return behind.at(-1) === wave ? behind : []
}

const roleWaves: readonly (readonly [string, MeshRole])[] = [
  [controlPlaneWave, 'control-plane'],
  ['ztunnel', 'ztunnel'],
  ['gateways', 'gateway'],
]

/**
 * Orders restarts: control plane, ztunnel, gateways, then namespaces: unlisted ones first, then tier by tier. A group larger than
 * `restarts.maxWorkloadsPerWave` becomes several waves, but for the control plane: its gate looks at roots, which any istiod that has not restarted may
 * still write. Waves without work are left out.
 */
export function planWaves<Item extends Restartable>(restarts: readonly Item[], config: Config): readonly PlannedWave<Item>[] {
  const byRole = groupBy(restarts, (restart) => restart.source.role)
  const groups: PlannedWave<Item>[] = roleWaves.map(([name, role]) => ({ name, restarts: byRole.get(role) ?? [], namespaces: [] }))

  const tierOf = new Map(config.restarts.tiers.flatMap((tier) => tier.namespaces.map((namespace) => [namespace, tier.name] as const)))
  const byTier = groupBy(byRole.get('sidecar') ?? [], (restart) => tierOf.get(restart.source.id.namespace) ?? 'default')
  const unseenByTier = groupBy(config.restarts.namespaces, (namespace) => tierOf.get(namespace) ?? 'default')
  for (const name of ['default', ...config.restarts.tiers.map((tier) => tier.name)]) {
    groups.push({ name, restarts: byTier.get(name) ?? [], namespaces: unseenByTier.get(name) ?? [] })
  }
  const names = new Set(groups.map((group) => group.name))
  return groups
    .flatMap((group) => (group.name === controlPlaneWave ? [group] : split(group, config.restarts.maxWorkloadsPerWave, names)))
    .filter((wave) => wave.restarts.length + wave.namespaces.length > 0)
}

/** @param names those that waves have already: a tier may be called `default-2`. */
function split<Item>(wave: PlannedWave<Item>, most: number, names: Set<string>): readonly PlannedWave<Item>[] {
  if (wave.restarts.length <= most) return [wave]
  const count = Math.ceil(wave.restarts.length / most)
  return Array.from({ length: count }, (_, index) => ({
    name: index === 0 ? wave.name : unusedName(wave.name, names),
    restarts: wave.restarts.slice(index * most, (index + 1) * most),
    namespaces: index === 0 ? wave.namespaces : [],
  }))
}

const longestLabel = 63

function unusedName(name: string, names: Set<string>): string {
  for (let count = 2; ; count++) {
    const next = `${name.slice(0, longestLabel - `-${count}`.length)}-${count}`
    if (names.has(next)) continue
    names.add(next)
    return next
  }
}

import { groupBy } from '../base/index.ts'
import type { Config } from '../mesh/index.ts'
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

const roleWaves: readonly (readonly [string, MeshRole])[] = [
  ['control-plane', 'control-plane'],
  ['ztunnel', 'ztunnel'],
  ['gateways', 'gateway'],
]

/**
 * Orders restarts: control plane, ztunnel, gateways, then namespaces: unlisted ones first, then tier by tier. A group larger than
 * `restarts.maxWorkloadsPerWave` becomes several waves. Waves without work are left out.
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
  return groups.flatMap((group) => split(group, config.restarts.maxWorkloadsPerWave)).filter((wave) => wave.restarts.length + wave.namespaces.length > 0)
}

function split<Item>(wave: PlannedWave<Item>, most: number): readonly PlannedWave<Item>[] {
  if (wave.restarts.length <= most) return [wave]
  const count = Math.ceil(wave.restarts.length / most)
  return Array.from({ length: count }, (_, index) => ({
    name: index === 0 ? wave.name : `${wave.name}-${index + 1}`,
    restarts: wave.restarts.slice(index * most, (index + 1) * most),
    namespaces: index === 0 ? wave.namespaces : [],
  }))
}

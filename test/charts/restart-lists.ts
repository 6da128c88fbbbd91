import fc from 'fast-check'
import { formatWorkloadId, workloadKinds } from '../../src/base/index.ts'
import type { WorkloadId } from '../../src/base/index.ts'
import type { EntryGate, RestartEntry, RestartList } from '../../src/rotation/index.ts'

// No reader of YAML takes it for a number, as some do `e0`.
const label = fc.stringMatching(/^w-[a-z0-9-]{0,20}[a-z0-9]$/)
const waveName = fc
  .oneof(label, fc.stringMatching(/^[a-z][a-z0-9-]{50,61}[a-z0-9]$/))
  .filter((name) => name !== 'entry-gate' && name !== 'cacerts')
const workload: fc.Arbitrary<WorkloadId> = fc.record({
  kind: fc.constantFrom(...workloadKinds),
  namespace: fc.constantFrom('istio-system', 'shop', 'payments', 'edge'),
  name: label,
})
const delivery = fc.constantFrom<RestartEntry['delivery']>('job', 'owner', 'merge', 'none')
const id = fc
  .tuple(
    fc.integer({ min: 2, max: 999 }),
    fc.constantFrom('staged', 'promoted', 'steady', 'replaced', 'restart'),
    fc.constantFrom('', '.2', '.12'),
  )
  .map(([number, step, again]) => `g${number}-${step}${again}`)

/** Any list that the plan may freeze: a workload is in one wave, once. */
export const restartList: fc.Arbitrary<RestartList> = fc
  .record({
    id,
    workloads: fc.uniqueArray(fc.tuple(workload, delivery, fc.nat(3)), { selector: ([of]) => formatWorkloadId(of), maxLength: 12 }),
    names: fc.uniqueArray(waveName, { minLength: 4, maxLength: 4 }),
    shown: fc.uniqueArray(label, { maxLength: 2 }),
    barrier: fc.boolean(),
  })
  .map(({ id: restartId, workloads, names, shown, barrier }) => {
    const waves = names.map((name, index) => ({
      name,
      restarts: workloads
        .filter(([, , wave]) => wave === index)
        .map(([of, how]) => ({
          workload: of,
          delivery: how,
          drain: how === 'none' ? ('expire' as const) : ('restart' as const),
          file: null,
          at: null,
          why: '',
          ...(how === 'merge' ? { selector: { app: of.name } } : {}),
        })),
      namespaces: index === 3 ? shown : [],
    }))
    return { id: restartId, entry: barrier ? entryOf(waves) : null, namespaces: ['istio-system', 'shop'], waves }
  })

/** The same waves as those of the step before. */
function entryOf(waves: RestartList['waves']): EntryGate {
  const left = waves.map((wave) => ({
    ...wave,
    restarts: wave.restarts.flatMap(({ workload: of, delivery: how }) => (how === 'none' ? [] : [{ workload: of, delivery: how }])),
  }))
  return { state: 'g1-steady', id: 'g1-restart', waves: left.filter((wave) => wave.restarts.length + wave.namespaces.length > 0) }
}

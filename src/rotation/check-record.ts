import { basename, dirname } from 'node:path/posix'
import type { YamlPath } from '../base/index.ts'
import { isSignedBy, parseBundle } from '../pki/index.ts'
import type { z } from 'zod'
import type { History } from './history.ts'
import { generationOf } from './ids.ts'
import { stateOf, trustedGenerations } from './phase.ts'
import type { writtenRecord } from './record-schema.ts'
import type { Intermediate, MeshRecord } from './record.ts'

type Written = z.output<typeof writtenRecord>
type Followed = Extract<History, { ok: true }>

/** A claim of a record that something else contradicts. */
export interface Contradiction {
  readonly path: YamlPath
  readonly id: 'record/certificate' | 'record/phase'
  readonly message: string
  readonly expected: string
  readonly found: string
}

/**
 * All that a record says twice, or that mesh.yaml knows better.
 * @param file the folder in which the record lies is named by the cluster.
 * @param mesh `null`: it cannot be read, and contradicts nothing.
 */
export function contradictions(
  written: Written,
  file: string,
  history: Followed,
  mesh: MeshRecord | null,
  intermediates: readonly (Intermediate | null)[],
): readonly Contradiction[] {
  const own = [...claims(written, file, history), ...keys(written, history)]
  if (mesh === null) return own
  return [...own, ...unknownGenerations(written, mesh), ...wrongIssuers(intermediates, mesh), ...adoptedBundle(written, mesh)]
}

function claims(written: Written, file: string, { phase }: Followed): readonly Contradiction[] {
  const folder = basename(dirname(file))
  const trusted = trustedGenerations(phase)
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['cluster', folder, written.cluster, 'the record is another cluster’s'],
    ['state', stateOf(phase), written.state, 'state does not follow from the transitions'],
    ['signer', phase.signer, written.signer, 'signer does not follow from the transitions'],
    ['trusted', trusted.join(', '), written.trusted.join(', '), 'trusted does not follow from the transitions'],
  ]
  return rows.flatMap(([key, expected, found, message]) =>
    expected === found ? [] : [{ path: [key], id: 'record/phase', message, expected, found }],
  )
}

/** Where the keys are: one intermediate signs, those of the other trusted root are prepared, and all others are former. */
function keys({ intermediates }: Written, { phase, lastRetired }: Followed): readonly Contradiction[] {
  const other = trustedGenerations(phase).find((id) => id !== phase.signer)
  // The root that `restore` brought back has lost its key.
  const prepared = other === lastRetired ? undefined : other
  const found: Contradiction[] = []
  const say = (path: YamlPath, message: string, expected: string, what: string): number =>
    found.push({ path, id: 'record/phase', message, expected, found: what })

  intermediates.forEach(({ generation, state }, index) => {
    const allowed = generation === phase.signer ? ['active', 'former'] : generation === prepared ? ['prepared', 'former'] : ['former']
    if (!allowed.includes(state))
      say(['intermediates', index, 'state'], `an intermediate under ${generation} cannot be ${state} now`, allowed.join(' | '), state)
  })
  for (const [generation, state] of [
    [phase.signer, 'active'],
    [prepared, 'prepared'],
  ] as const) {
    const count = intermediates.filter((one) => one.generation === generation && one.state === state).length
    if (generation !== undefined && count !== 1)
      say(['intermediates'], `there must be one ${state} intermediate under ${generation}`, '1', String(count))
  }
  return found
}

function unknownGenerations({ transitions, trusted, intermediates }: Written, mesh: MeshRecord): readonly Contradiction[] {
  const named: readonly (readonly [YamlPath, string])[] = [
    ...trusted.map((id, index) => [['trusted', index], id] as const),
    ...intermediates.map(({ generation }, index) => [['intermediates', index, 'generation'], generation] as const),
    ...transitions.flatMap(({ id }, index) => {
      const generation = generationOf(id)
      return generation === null ? [] : [[['transitions', index, 'id'], generation] as const]
    }),
  ]
  return named
    .filter(([, id]) => !mesh.generations.some((generation) => generation.id === id))
    .map(([path, id]) => ({
      path,
      id: 'record/phase',
      message: `mesh.yaml has no generation ${id}`,
      expected: 'a generation that mesh.yaml lists',
      found: id,
    }))
}

/** An adopted CA may have certificates between the root and the signer; those that reroot issued have not. */
function wrongIssuers(intermediates: readonly (Intermediate | null)[], mesh: MeshRecord): readonly Contradiction[] {
  return intermediates.flatMap((one, index): readonly Contradiction[] => {
    const generation = mesh.generations.find(({ id }) => id === one?.generation)
    if (one === null || generation?.origin !== 'issued' || isSignedBy(one.certificate, generation.certificate)) return []
    const path = ['intermediates', index, 'certificate']
    return [
      {
        path,
        id: 'record/certificate',
        message: `the root of ${generation.id} did not sign this certificate`,
        expected: generation.certificate.subject,
        found: one.certificate.subject,
      },
    ]
  })
}

function adoptedBundle({ adoptedRootBundle }: Written, mesh: MeshRecord): readonly Contradiction[] {
  if (adoptedRootBundle === null) return []
  const root = mesh.generations[0]?.certificate
  const bad = (found: string): readonly Contradiction[] => [
    {
      path: ['adoptedRootBundle'],
      id: 'record/certificate',
      message: 'this is not the bundle that was taken over',
      expected: `PEM with the root ${root?.subject ?? ''}`,
      found,
    },
  ]
  try {
    return parseBundle(adoptedRootBundle).some((one) => one.fingerprint === root?.fingerprint) ? [] : bad('PEM without it')
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error))
  }
}

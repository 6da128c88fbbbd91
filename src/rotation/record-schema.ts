import { z } from 'zod'
import { generationOf } from './ids.ts'
import { steps } from './phase.ts'

const generation = z.string().regex(/^g[1-9]\d*$/, 'must be a generation such as g1')
const sha = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256: 64 lower-case hex digits')
const state = z.string().regex(/^g[1-9]\d*-(steady|staged|promoted)$/, 'must be a state such as g2-staged')
const id = z.string().refine((text) => generationOf(text) !== null, 'must be the id of a step such as g2-staged')
const moment = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'must be a moment such as 2031-02-27T09:00:00Z')

/** mesh.yaml as reroot writes it. */
export const writtenMesh = z.strictObject({
  version: z.literal(1),
  mesh: z.string().min(1),
  generations: z
    .array(
      z.strictObject({
        id: generation,
        origin: z.enum(['adopted', 'issued', 'external']),
        rootKey: z.enum(['unknown', 'sealed', 'discarded', 'external']),
        fingerprint: sha,
        algorithm: z.string(),
        subject: z.string(),
        notBefore: moment,
        notAfter: moment,
        certificate: z.string(),
      }),
    )
    .min(1),
})

/** record.yaml as reroot writes it. */
export const writtenRecord = z.strictObject({
  version: z.literal(1),
  cluster: z.string().min(1),
  state,
  signer: generation,
  trusted: z.array(generation).min(1),
  rootBundle: sha,
  adoptedRootBundle: z.string().nullable(),
  intermediates: z
    .array(
      z.strictObject({
        generation,
        state: z.enum(['active', 'prepared', 'former']),
        fingerprint: sha,
        notAfter: moment,
        certificate: z.string(),
      }),
    )
    .min(1),
  transitions: z.array(
    z.strictObject({
      id,
      step: z.enum(steps),
      from: state,
      evidence: z.strictObject({ kind: z.enum(['entry-gate', 'live', 'elapsed', 'person']), detail: z.string() }).nullable(),
      forced: z.strictObject({ barrier: z.string(), reason: z.string() }).nullable(),
    }),
  ),
})

const workload = z.string().regex(/^(Deployment|StatefulSet|DaemonSet)\/[^/]+\/[^/]+$/, 'must be Kind/namespace/name')
const delivered = z
  .string()
  .regex(
    /^(job|owner|merge) (Deployment|StatefulSet|DaemonSet)\/[^/ ]+\/[^/ ]+$/,
    'must be a delivery and Kind/namespace/name, such as job Deployment/shop/cart',
  )
const entryWave = z.strictObject({ name: z.string().min(1), restarts: z.array(delivered), namespaces: z.array(z.string()) })

/** restarts.yaml as reroot writes it. */
export const writtenRestarts = z.strictObject({
  version: z.literal(1),
  id,
  entry: z.strictObject({ state, id: id.nullable(), waves: z.array(entryWave), roots: z.literal(false).optional() }).nullable(),
  namespaces: z.array(z.string()),
  waves: z.array(
    z.strictObject({
      name: z.string().min(1),
      namespaces: z.array(z.string()),
      restarts: z.array(
        z.strictObject({
          workload,
          delivery: z.enum(['job', 'owner', 'merge', 'none']),
          drain: z.enum(['restart', 'expire']),
          file: z.string().nullable(),
          at: z.string().nullable(),
          why: z.string(),
          selector: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
})

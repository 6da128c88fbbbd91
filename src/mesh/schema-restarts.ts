import { z } from 'zod'
import { count, deliveries, drain, label, text } from './schema-values.ts'

const tier = z.strictObject({
  name: label.describe(
    "The name of the wave, once only. Not one of reroot's own: `entry`, `entry-gate`, `control-plane`, `ztunnel`, `gateways`, `default`, `cacerts`, `state`.",
  ),
  namespaces: z.array(label).min(1).describe('A namespace is in one tier at most.'),
})

const rule = z.strictObject({
  match: z
    .string()
    .regex(/^(Deployment|StatefulSet|DaemonSet|\*)\/[^/]+\/[^/]+$/, 'must be Kind/namespace/name; * stands for any run of characters')
    .describe(
      '`Deployment`, `StatefulSet`, `DaemonSet` or `*` as the kind; `*` stands for any run of characters but `/`: `Deployment/legacy/*`.',
    )
    .meta({ title: '`Kind/namespace/name`' }),
  clusters: z.array(label).optional().describe('Only in these, by their names in `clusters`.'),
  delivery: z.enum(deliveries).optional().describe('In place of `restarts.delivery`.'),
  drain: drain.optional().describe('In place of `restarts.drain`, in every step. The control plane and ztunnel are restarted in any case.'),
  reason: text.optional().describe('Why. Required with `drain: expire`; every pull request repeats it.'),
})

/** `restarts`: how a restart reaches workloads, and in which order. */
export const restarts = z.strictObject({
  delivery: z
    .enum(deliveries)
    .default('auto')
    .describe(
      "How a restart reaches a workload. `job`: a Job in the cluster patches the pod template; safe beside any owner. `owner`: the workload's own definition in Git gets the annotation. `auto`: `owner` where the workload's Kustomization depends on `mesh-ca-control-plane`, or where one Application applies the Secret in place, istiod and the workload in rising sync waves; else `job`, which is what it nearly always is under Argo CD. `merge`: reroot's own Kustomization or Application applies a partial object, only for `clusters[].workloads`, and under Argo CD only for those that nobody has made with `kubectl apply`. See [rotation.md](rotation.md#restarts-by-the-owner).",
    ),
  drain: z
    .strictObject({
      stage: drain
        .default('restart')
        .describe(
          '`expire` restarts nothing but the control plane, ztunnel and `restarts.namespaces` in `stage`: workloads learn the new root when their certificates are renewed. The step is complete only after `pki.workloadCertificateHours`.',
        ),
      promote: drain
        .default('restart')
        .describe('The same for `promote`. Certificates of the old root run out by themselves, so `expire` costs a day and no restart.'),
      retire: drain
        .default('restart')
        .describe('The same for `retire`: workloads stop trusting the old root when their certificates are renewed.'),
    })
    .prefault({}),
  namespaces: z
    .array(label)
    .default([])
    .describe(
      'Meshed namespaces whose workloads Git does not show. A Job restarts whatever is meshed there at that moment. Needs `gates.shellImage`.',
    ),
  tiers: z
    .array(tier)
    .default([])
    .describe('Namespaces that are restarted last, tier by tier, in this order. Unlisted namespaces come before, in the wave `default`.'),
  maxWorkloadsPerWave: count(1, 500)
    .default(50)
    .describe(
      "A larger group becomes several waves: `default`, `default-2` … The control plane is never split. A wave's workloads roll out at once, so lower it if the cluster has little room for surge pods.",
    ),
  rules: z.array(rule).default([]).describe('Exceptions for workloads. The first rule that matches counts.'),
})

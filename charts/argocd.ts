import { ApiObject } from 'cdk8s'
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js'
import { syncWaveAnnotation } from '../src/plan/index.ts'
import { renderManifest } from './manifest.ts'
import { commonLabels, completeName } from './names.ts'
import type { ArgocdProps, ClusterProps } from './props.ts'
import type { RestartList } from '../src/rotation/index.ts'

// Far behind what people choose.
const registerSyncWave = 10_000

/**
 * The one reference by which Argo CD picks up reroot's directory: an Application of its own for the cluster. It stays the same from step to step;
 * the order of a step is in the sync waves of what it applies. What it says was run with Argo CD 3.1.9 (facts: gitops.md §1.2, §1.3):
 *
 * - No self-healing. A gate that failed holds what comes after it, through all that Argo CD does by itself; but once a person has synced some single
 *   object, the commit counts as applied, and self-healing would then apply all that is missing, the Secret too, past that gate.
 * - Never `ApplyOutOfSyncOnly`: every later sync would do the same.
 * - Few retries, close to each other: as long as they last, no newer commit is taken, e.g. a revert.
 * - `allowEmpty`: in a cluster whose Secret is in place there is nothing to apply until the first step, and again after its revert.
 * - No finalizer of a cascade: removing the Application deletes nothing.
 * - `ServerSideApply`: what gates compare may be larger than the annotation that a client-side apply leaves on each object.
 * - A late sync wave of its own: where the health of Applications is restored in `argocd-cm`, whatever applies this one would wait for it as long as a
 *   step runs, and everything of a later wave with it; for what is in its last wave it does not wait (gitops.md §1.2, §1.4).
 */
export function renderApplication(props: Pick<ClusterProps, 'cluster' | 'directory'>, controller: ArgocdProps): string {
  const about = `Picks up the mesh CA of cluster ${props.cluster}: what ${props.directory} holds, by sync waves.`
  return renderManifest(about, (chart) => {
    new ApiObject(chart, 'application', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name: controller.application,
        namespace: controller.namespace,
        labels: commonLabels,
        annotations: { [syncWaveAnnotation]: String(registerSyncWave) },
      },
      spec: {
        project: controller.project,
        destination: controller.destination,
        source: { repoURL: controller.repoURL, targetRevision: controller.branch, path: props.directory },
        syncPolicy: {
          automated: { prune: true, selfHeal: false, allowEmpty: true },
          syncOptions: ['ServerSideApply=true'],
          retry: { limit: 5, backoff: { duration: '10s', factor: 1, maxDuration: '1m' } },
        },
      },
    })
  })
}

/**
 * `mesh-ca-complete`: the step that has run through. Argo CD does not wait for what is in its last wave, so without something behind the last gate a sync
 * would succeed while that gate still waits (run: Argo CD 3.1.9).
 */
export function renderComplete(props: Pick<ClusterProps, 'cluster' | 'istioNamespace'>, step: RestartList, syncWave: number): string {
  return renderManifest(
    `Applied when every gate of ${step.id} in cluster ${props.cluster} has passed.`,
    (chart) => {
      new k8s.KubeConfigMap(chart, 'complete', {
        metadata: { name: completeName, namespace: props.istioNamespace, labels: commonLabels },
        data: { id: step.id },
      })
    },
    syncWave,
  )
}

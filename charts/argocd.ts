import { ApiObject } from 'cdk8s'
import { renderManifest } from './manifest.ts'
import { commonLabels } from './names.ts'
import type { ArgocdProps, ClusterProps } from './props.ts'

/**
 * The one reference by which Argo CD picks up reroot's directory: an Application of its own for the cluster. It stays the same from step to step;
 * the order of a step is in the sync waves of what it applies.
 *
 * - Without the finalizer of a cascade: removing the Application deletes nothing.
 * - Never `ApplyOutOfSyncOnly`: a second sync would pass over a gate that failed (facts: gitops.md §1.2).
 * - `allowEmpty`: where another owner delivers the Secret, a first step that is reverted leaves nothing to apply, and Argo CD would refuse to
 *   take its Jobs away (controller/appcontroller.go, autoSync). What must stay says `Prune=false` itself.
 * - `ServerSideApply`: what gates compare may be larger than the annotation that a client-side apply leaves on each object.
 */
export function renderApplication(props: Pick<ClusterProps, 'cluster' | 'directory'>, controller: ArgocdProps): string {
  const about = `Picks up the mesh CA of cluster ${props.cluster}: what ${props.directory} holds, by sync waves.`
  return renderManifest(about, (chart) => {
    new ApiObject(chart, 'application', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: controller.application, namespace: controller.namespace, labels: commonLabels },
      spec: {
        project: controller.project,
        destination: controller.destination,
        source: { repoURL: controller.repoURL, targetRevision: controller.branch, path: props.directory },
        syncPolicy: {
          automated: { prune: true, selfHeal: true, allowEmpty: true },
          syncOptions: ['ServerSideApply=true'],
          retry: { limit: 5, backoff: { duration: '10s', factor: 2, maxDuration: '3m' } },
        },
      },
    })
  })
}

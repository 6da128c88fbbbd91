import { k8s } from 'cdk8s-plus-27'
import { renderKustomization, renderManifest } from './manifest.ts'
import { commonLabels, stateName } from './names.ts'
import type { ClusterProps } from './props.ts'

/** `mesh-ca-state`: tells gates which of the sealed Secrets is the live one. Lies beside the Secret, under the same owner. */
export function renderState(props: Pick<ClusterProps, 'istioNamespace' | 'state' | 'cluster'>): string {
  return renderManifest(
    `The state of the Secret cacerts beside it in cluster ${props.cluster}, for gates, which never read a Secret.`,
    (chart) => {
      new k8s.KubeConfigMap(chart, 'state', {
        metadata: {
          name: stateName,
          namespace: props.istioNamespace,
          labels: commonLabels,
          annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' },
        },
        data: { state: props.state },
      })
    },
  )
}

/**
 * What lies beside the sealed Secret in reroot's own folder, by file name.
 * @throws TypeError if the Secret is not in that folder.
 */
export function renderCacerts(props: ClusterProps): ReadonlyMap<string, string> {
  const folder = `${props.directory}/cacerts/`
  const file = props.cacerts.file.startsWith(folder) ? props.cacerts.file.slice(folder.length) : ''
  if (file === '' || file.includes('/')) throw new TypeError(`the sealed Secret ${props.cacerts.file} is not in ${folder}`)
  return new Map([
    [
      `${folder}kustomization.yaml`,
      renderKustomization('The sealed Secret cacerts and its state. No transformers: they would corrupt it.', [file, 'state.yaml']),
    ],
    [`${folder}state.yaml`, renderState(props)],
  ])
}

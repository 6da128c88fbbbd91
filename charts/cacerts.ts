import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js'
import { writeYaml } from '../src/base/index.ts'
import { cacertsSyncWave, stateSyncWave } from '../src/plan/index.ts'
import { renderKustomization, renderManifest } from './manifest.ts'
import { commonLabels, stateName, substituteDisabled } from './names.ts'
import type { ClusterProps } from './props.ts'

/** Argo CD neither prunes the state nor deletes it with the Application: without it every later step holds. */
const keptByArgocd = { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' } as const

/**
 * `mesh-ca-state`: tells gates which of the sealed Secrets is the live one. Lies beside the Secret, under the same owner.
 * @param syncWave one behind the Secret's, under Argo CD.
 */
export function renderState(
  props: Pick<ClusterProps, 'istioNamespace' | 'state' | 'cluster' | 'controller'>,
  syncWave: number | null,
): string {
  return renderManifest(
    `The state of the Secret cacerts beside it in cluster ${props.cluster}, for gates, which never read a Secret.`,
    (chart) => {
      new k8s.KubeConfigMap(chart, 'state', {
        metadata: {
          name: stateName,
          namespace: props.istioNamespace,
          labels: commonLabels,
          annotations: props.controller.type === 'flux' ? substituteDisabled : keptByArgocd,
        },
        data: { state: props.state },
      })
    },
    syncWave,
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
  const about = 'The sealed Secret cacerts and its state. No transformers: they would corrupt it.'
  if (props.controller.type === 'flux') {
    return new Map([
      [`${folder}kustomization.yaml`, renderKustomization(about, [file, 'state.yaml'])],
      [`${folder}state.yaml`, renderState(props, null)],
    ])
  }
  return new Map([
    [`${folder}kustomization.yaml`, renderKustomization(about, ['state.yaml'], { generators: ['ksops.yaml'] })],
    [`${folder}ksops.yaml`, renderKsops(file)],
    [`${folder}state.yaml`, renderState(props, stateSyncWave(cacertsSyncWave))],
  ])
}

/** The generator by which kustomize, in Argo CD's repo-server, unseals a file (github.com/viaduct-ai/kustomize-sops 4, README). */
function renderKsops(file: string): string {
  return writeYaml(
    {
      apiVersion: 'viaduct.ai/v1',
      kind: 'ksops',
      metadata: {
        name: 'cacerts',
        annotations: { 'config.kubernetes.io/function': 'exec:\n  path: ksops\n' },
      },
      files: [`./${file}`],
    },
    {
      comment:
        'KSOPS unseals the Secret while Argo CD builds this folder: the plain text is never a file.\nWritten by reroot: edits are lost.',
    },
  )
}

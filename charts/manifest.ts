import { ApiObject, App, Chart } from 'cdk8s'
import { writeYaml } from '../src/base/index.ts'
import { syncWaveAnnotation } from '../src/plan/index.ts'

const written = 'Written by reroot: edits are lost.'

/**
 * One file of Kubernetes objects. Nothing touches the disk: cdk8s' own writer deletes its folder first, and its YAML leaves
 * strings unquoted that other readers take for numbers (facts: libraries.md).
 * @param about one or two lines for the head of the file: what it does.
 * @param syncWave Argo CD's sync wave of every object; `null`: none is written.
 * @throws TypeError if nothing was built.
 */
export function renderManifest(about: string, build: (chart: Chart) => void, syncWave: number | null = null): string {
  const text = renderSome(about, build, syncWave)
  if (text === null) throw new TypeError(`no objects: ${about}`)
  return text
}

/** As {@link renderManifest}; `null` if nothing was built. */
export function renderSome(about: string, build: (chart: Chart) => void, syncWave: number | null = null): string | null {
  const chart = new Chart(new App(), 'mesh-ca', { disableResourceNameHashes: true })
  build(chart)
  if (syncWave !== null) {
    for (const child of chart.node.findAll())
      if (ApiObject.isApiObject(child)) child.metadata.addAnnotation(syncWaveAnnotation, String(syncWave))
  }
  const objects = chart.toJson() as readonly unknown[]
  return objects.length === 0 ? null : comment(about) + objects.map((object) => writeYaml(object)).join('---\n')
}

/** A `kustomization.yaml` that lists its resources and changes nothing in them. */
export function renderKustomization(about: string, resources: readonly string[], more: Readonly<Record<string, unknown>> = {}): string {
  return writeYaml(
    { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources, ...more },
    { comment: `${about}\n${written}` },
  )
}

function comment(about: string): string {
  return [...about.split('\n'), written].map((line) => `# ${line}\n`).join('')
}

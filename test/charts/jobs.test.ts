import { describe, expect, test } from 'vitest'
import { renderCluster } from '../../charts/index.ts'
import { clusterProps, promote, restart, scenarios, workload } from './cluster-props.ts'
import { objectsOf, stubsIn } from './objects.ts'
import type { Rendered } from './objects.ts'

const objects = objectsOf(renderCluster(clusterProps()))
const jobs = objects.filter(({ kind }) => kind === 'Job')

function jobIn(all: readonly Rendered[], file: string): Rendered {
  const [job, ...more] = all.filter((object) => object.kind === 'Job' && object.file.endsWith(file))
  if (job === undefined || more.length > 0) throw new Error(`${more.length} more Jobs in ${file}`)
  return job
}

/** The calls of a Job's containers, in the order in which they run. */
function callsOf(job: Rendered): readonly string[] {
  const spec = job.spec?.template?.spec
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ command }) => command.join(' '))
}

describe('a Job', () => {
  test('never gives up, is never swept away, and never stands behind a proxy', () => {
    for (const job of jobs) {
      expect(job.spec).not.toHaveProperty('ttlSecondsAfterFinished')
      expect(job.spec).not.toHaveProperty('activeDeadlineSeconds')
      expect(job.spec).toMatchObject({
        backoffLimit: 1_000_000,
        template: {
          spec: { restartPolicy: 'OnFailure' },
          metadata: { labels: { 'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none' } },
        },
      })
    }
  })

  test('passes the restricted pod security standard', () => {
    for (const { spec } of jobs) {
      const pod = spec?.template?.spec
      expect(pod).toMatchObject({ securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } } })
      for (const container of [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        })
      }
    }
  })

  test('needs no shell, but for namespaces that Git does not show', () => {
    const withShell = jobs.filter((job) => callsOf(job).some((call) => !call.startsWith('kubectl ')))

    expect(withShell.map(({ file }) => file.replace(/.*waves\//, ''))).toEqual([
      '00-entry-gate/namespaces.yaml',
      '02-default/namespaces.yaml',
    ])
    for (const job of jobs)
      expect(job.spec?.template?.spec.containers[0]?.image).toBe(
        withShell.includes(job) ? 'registry.example/kubectl-sh:1.34.3' : 'registry.k8s.io/kubectl:v1.34.3',
      )
  })

  test('is left alone by variable substitution, like the ConfigMap that it mounts', () => {
    for (const object of objects.filter(({ kind }) => kind === 'Job' || kind === 'ConfigMap')) {
      expect(object.metadata.annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' })
    }
  })
})

describe('names', () => {
  const namesWith = (changed: Parameters<typeof clusterProps>[0]): readonly string[] =>
    objectsOf(renderCluster(clusterProps(changed)))
      .filter(({ kind }) => kind === 'Job')
      .map(({ metadata }) => metadata.name)

  test('hold the id, the wave and a hash, and the mounted ConfigMap has the same', () => {
    const pattern = /^mesh-ca-g2-promoted-(entry|control-plane|default|edge)-(gate|restart|namespaces)-[0-9a-f]{8}$/
    for (const { metadata } of jobs) expect(metadata.name).toMatch(pattern)
    for (const job of jobs) expect(job.spec?.template?.spec.volumes[0]?.configMap?.name).toBe(job.metadata.name)
  })

  test('change with the list, the image and the roots, so that what changed runs anew', () => {
    const [first, ...rest] = [{}, { gates: { ...clusterProps().gates, image: 'other:1' } }, { roots: { before: 'x\n', after: 'x\n' } }].map(
      namesWith,
    )
    for (const names of rest)
      expect(names.filter((name) => first?.includes(name) && name.includes('-gate-') && !name.includes('-entry-'))).toEqual([])
  })

  test('of long waves are cut, and stay apart', () => {
    const waves = ['a', 'b'].map((last) => ({
      name: 'w'.repeat(62) + last,
      restarts: [restart(`Deployment/shop/${last}`)],
      namespaces: [],
    }))
    const rendered = objectsOf(renderCluster(clusterProps({ step: { ...promote, id: 'g12-promoted.10', waves } })))

    const names = rendered
      .filter(({ kind }) => kind !== 'ServiceAccount')
      .map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
    expect(rendered.filter(({ metadata }) => metadata.name.length > 63)).toEqual([])
  })
})

describe('a wave', () => {
  test('restarts by merge patch, under reroot’s own name, and never by apply', () => {
    const job = jobIn(objects, '02-default/restart.yaml')

    expect(callsOf(job)).toEqual([
      'kubectl patch --filename=/gate/workloads.yaml --type=merge --field-manager=reroot --patch={"spec":{"template":{"metadata":{"annotations":{"reroot.dev/rotation":"g2-promoted"}}}}}',
    ])
    expect(stubsIn(objects, job, 'workloads.yaml')).toEqual(['Deployment/shop/cart', 'DaemonSet/shop/agent'])
    expect(JSON.stringify(objects)).not.toMatch(/kubectl.{0,20}(apply|replace|delete)/)
  })

  test('is held until the templates carry the id, have rolled out, and the roots are everywhere', () => {
    const job = jobIn(objects, '02-default/gate.yaml')

    expect(callsOf(job)).toEqual([
      String.raw`kubectl wait --filename=/gate/workloads.yaml --for=jsonpath={.spec.template.metadata.annotations.reroot\.dev/rotation}=g2-promoted --timeout=15m`,
      'kubectl rollout status --filename=/gate/workloads.yaml --timeout=15m',
      'kubectl get --filename=/gate/roots.yaml --output=go-template-file=/gate/roots.tmpl',
    ])
    expect(stubsIn(objects, job, 'workloads.yaml')).toEqual(['Deployment/shop/cart', 'StatefulSet/shop/orders', 'DaemonSet/shop/agent'])
    expect(stubsIn(objects, job, 'roots.yaml')).toEqual([
      'ConfigMap/istio-system/istio-ca-root-cert',
      'ConfigMap/legacy/istio-ca-root-cert',
      'ConfigMap/shop/istio-ca-root-cert',
    ])
  })

  test('whose owners restart it has a gate and nothing else', () => {
    expect([...new Set(objects.filter(({ file }) => file.includes('03-edge')).map(({ file }) => file.replace(/.*\//, '')))]).toEqual([
      'gate.yaml',
    ])
  })

  test('of many workloads is shared among Jobs, the roots checked once', () => {
    const restarts = Array.from({ length: 2001 }, (_, index) => restart(`Deployment/shop/w${index}`))
    const many = objectsOf(
      renderCluster(clusterProps({ step: { ...promote, entry: null, waves: [{ name: 'default', restarts, namespaces: [] }] } })),
    )
    const gates = many.filter((object) => object.kind === 'Job' && object.file.endsWith('gate.yaml'))

    expect(gates.flatMap((job) => stubsIn(many, job, 'workloads.yaml'))).toEqual(
      restarts.map(({ workload: { name } }) => `Deployment/shop/${name}`),
    )
    expect(gates.map((job) => callsOf(job).length)).toEqual([2, 2, 3])
  })
})

describe('the entry gate', () => {
  const job = jobIn(objects, '00-entry-gate/gate.yaml')
  const self = `Job/istio-system/${job.metadata.name}`

  test('reads the folder of the state that the cluster says it is in', () => {
    for (const call of callsOf(job)) expect(call).toContain('--filename=/gate/$(STATE)/')
  })

  test('before the step waits for the step before', () => {
    expect(stubsIn(objects, job, 'g2-staged/restarted.yaml')).toEqual(
      promote.entry?.workloads.map(({ kind, namespace, name }) => `${kind}/${namespace}/${name}`),
    )
    expect(stubsIn(objects, job, 'g2-staged/rolled-out.yaml')).toHaveLength(3)
    expect(stubsIn(objects, job, 'g2-staged/roots.yaml')).toHaveLength(3)
    expect(callsOf(job)[0]).toContain('=g2-staged ')
  })

  test.each(['g2-promoted', '$(STATE)'])('in %s waits for nothing but itself', (state) => {
    expect(stubsIn(objects, job, `${state}/restarted.yaml`)).toEqual([self])
    expect(stubsIn(objects, job, `${state}/rolled-out.yaml`)).toEqual([])
    expect(stubsIn(objects, job, `${state}/roots.yaml`)).toEqual([])
    expect(job.spec?.template?.metadata.annotations).toMatchObject({ 'reroot.dev/rotation': 'g2-staged' })
  })

  test('of a step that leaves the Secret as it is holds nothing', () => {
    const all = objectsOf(renderCluster(clusterProps({ state: 'g2-staged' })))
    const gate = jobIn(all, '00-entry-gate/gate.yaml')

    expect(callsOf(gate)).toHaveLength(1)
    expect(stubsIn(all, gate, 'g2-staged/roots.yaml')).toEqual([])
  })

  test('after init looks at the roots only', () => {
    const entry = { state: 'g1-steady', id: null, workloads: [workload('Deployment/shop/cart')], namespaces: [] }
    const all = objectsOf(renderCluster(clusterProps({ state: 'g2-staged', step: { ...promote, entry } })))

    expect(callsOf(jobIn(all, '00-entry-gate/gate.yaml'))).toEqual([
      'kubectl get --filename=/gate/$(STATE)/roots.yaml --output=go-template-file=/gate/roots.tmpl',
    ])
  })

  test('of a Secret in place waits for its owner', () => {
    const all = objectsOf(renderCluster(scenarios['promote-in-place'] ?? clusterProps()))
    const gate = jobIn(all, '00-entry-gate/gate.yaml')

    expect(callsOf(gate)).toEqual(['kubectl wait --filename=/gate/state.yaml --for=jsonpath={.data.state}=g2-promoted --timeout=15m'])
    expect(stubsIn(all, gate, 'state.yaml')).toEqual(['ConfigMap/istio-system/mesh-ca-state'])
  })

  test('is empty for a step that nothing may hold', () => {
    expect(objectsOf(renderCluster(scenarios['replace'] ?? clusterProps())).filter(({ file }) => file.includes('00-entry-gate'))).toEqual(
      [],
    )
  })
})

import { describe, expect, test } from 'vitest'
import { renderCluster } from '../../charts/index.ts'
import { clusterProps, promote, restart } from './cluster-props.ts'
import { callsOf, jobIn, objectsOf, stubsIn, textIn } from './objects.ts'
import type { Rendered } from './objects.ts'

const objects = objectsOf(renderCluster(clusterProps()))
const jobs = objects.filter(({ kind }) => kind === 'Job')

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
    const containers = jobs.flatMap(({ file, spec }) =>
      [...(spec?.template?.spec.initContainers ?? []), ...(spec?.template?.spec.containers ?? [])].map((container) => ({
        file: file.replace(/.*waves\//, ''),
        ...container,
      })),
    )
    const withShell = containers.filter(({ command }) => command[0] !== 'kubectl')

    expect(withShell.map(({ file, name }) => `${file} ${name}`)).toEqual([
      '00-entry-gate/gate.yaml namespaces-02-default',
      '02-default/namespaces.yaml restart',
    ])
    for (const container of containers) {
      expect(container.image).toBe(withShell.includes(container) ? 'registry.example/kubectl-sh:1.34.3' : 'registry.k8s.io/kubectl:v1.34.3')
    }
  })

  test('is left alone by variable substitution, like the ConfigMap that it mounts', () => {
    for (const object of objects.filter(({ kind }) => kind === 'Job' || kind === 'ConfigMap')) {
      expect(object.metadata.annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' })
    }
  })
})

describe('what people say of the pods', () => {
  const { gates } = clusterProps()
  const podsWith = (pod: Partial<typeof gates.pod>): readonly unknown[] =>
    objectsOf(renderCluster(clusterProps({ gates: { ...gates, pod: { ...gates.pod, ...pod } } }))).flatMap(({ kind, spec }) =>
      kind === 'Job' ? [spec?.template?.spec] : [],
    )

  test('stands in every Job: pull Secrets, nodes and taints', () => {
    const tolerations = [{ key: 'dedicated', operator: 'Equal', value: 'mesh', effect: 'NoSchedule' }, { operator: 'Exists' }] as const
    const pods = podsWith({ imagePullSecrets: ['mirror'], nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations })

    expect(pods).toHaveLength(jobs.length)
    for (const pod of pods)
      expect(pod).toMatchObject({ imagePullSecrets: [{ name: 'mirror' }], nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations })
  })

  test('may leave the user to the cluster, who still must not be root', () => {
    for (const pod of podsWith({ runAsUser: null }))
      expect(pod).toHaveProperty('securityContext', { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    for (const pod of podsWith({ runAsUser: 1000 })) expect(pod).toMatchObject({ securityContext: { runAsUser: 1000, runAsGroup: 1000 } })
  })

  test('is nowhere if they say nothing', () => {
    for (const pod of podsWith({}))
      for (const key of ['imagePullSecrets', 'nodeSelector', 'tolerations']) expect(pod).not.toHaveProperty(key)
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

  test('change with the list, the image, the pod and the roots, so that what changed runs anew', () => {
    const { gates } = clusterProps()
    const [first, ...rest] = [
      {},
      { gates: { ...gates, image: 'other:1' } },
      { gates: { ...gates, pod: { ...gates.pod, runAsUser: null } } },
      { roots: { before: 'x\n', after: 'x\n' } },
    ].map(namesWith)
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
      String.raw`kubectl wait --filename=/gate/workloads.yaml --for=jsonpath={.spec.template.metadata.annotations.reroot\.dev/rotation}=g2-promoted --timeout=4m`,
      'kubectl rollout status --filename=/gate/workloads.yaml --timeout=4m',
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

describe('while mutual TLS is broken, a wave behind the control plane', () => {
  const step = {
    ...promote,
    id: 'g2-replaced',
    entry: null,
    waves: [{ name: 'control-plane', restarts: [restart('Deployment/istio-system/istiod')], namespaces: [] }, ...promote.waves.slice(1)],
  }
  const rendered = objectsOf(renderCluster(clusterProps({ breaksMutualTls: true, step })))
  const isGate = ({ metadata }: Rendered): boolean => !/-namespaces-gate(-|$)/.test(metadata.name)
  const gate = (wave: string): Rendered => jobIn(rendered.filter(isGate), `${wave}/gate.yaml`)
  const waits = (wave: string): boolean => callsOf(gate(wave)).some((call) => call.startsWith('kubectl rollout status'))

  test('waits for the rollouts of istiods, and for no others', () => {
    expect(['01-control-plane', '02-default'].map(waits)).toEqual([true, false])
    expect(stubsIn(rendered, gate('02-default'), 'workloads.yaml')).toHaveLength(3)
    expect(callsOf(gate('02-default'))).toHaveLength(1)
    expect(textIn(rendered, jobIn(rendered, '02-default/namespaces.yaml'), 'restart.sh')).not.toContain('rollout')
    expect(textIn(objects, jobIn(objects, '02-default/namespaces.yaml'), 'restart.sh')).toContain('rollout')
  })

  test('has a gate that waits for all of them if it is the last', () => {
    expect(waits('03-edge')).toBe(true)
    const names = ['Deployment/shop/cart', 'StatefulSet/shop/orders', 'DaemonSet/shop/agent', 'Deployment/edge/proxy']
    expect(stubsIn(rendered, gate('03-edge'), 'workloads.yaml')).toEqual(names)
    const seen = rendered.filter((one) => isGate(one) && one.file.endsWith('03-edge/gate.yaml') && one.kind === 'Role')
    expect(seen.map(({ metadata }) => metadata.namespace)).toEqual(['edge', 'shop'])
  })

  test('which also looks at what was restarted by namespace, and changes nothing', () => {
    const last = rendered.filter((one) => !isGate(one) && one.file.endsWith('03-edge/gate.yaml'))
    const script = textIn(rendered, jobIn(last, 'gate.yaml'), 'rolled-out.sh')

    expect(script).toContain('kubectl rollout status')
    expect(script).not.toContain('kubectl patch')
    expect(JSON.stringify(jobIn(last, 'gate.yaml').spec)).toContain('"legacy"')
    const roles = last.filter(({ kind }) => kind === 'Role')
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['legacy'])
    expect(roles.flatMap(({ rules }) => rules?.flatMap(({ verbs }) => verbs) ?? [])).not.toContain('patch')
    expect(rendered.filter((one) => !isGate(one) && !one.file.includes('03-edge'))).toEqual([])
    expect(objects.filter((one) => !isGate(one))).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import type { Covered } from '../../src/workloads/operated.ts'
import { discoverProd, flux, idsOf, namespace, yaml } from './flux-tree.ts'

const file = 'clusters/prod/app.yaml'
const meshed = namespace('shop', { 'istio-injection': 'enabled' })

function custom(apiVersion: string, kind: string, spec: object = {}, metadata: object = {}): object {
  return { apiVersion, kind, metadata: { name: 'events', namespace: 'shop', ...metadata }, spec }
}

const found = (object: object, covered?: Covered, space = meshed): readonly string[] =>
  idsOf(discoverProd({ [file]: yaml(space, object) }, covered === undefined ? {} : { covered })).map((id) => id.replace(/ clusters.*/, ''))

const off = { metadata: { labels: { 'sidecar.istio.io/inject': 'false' } } }
const kafka = custom('kafka.strimzi.io/v1beta2', 'Kafka', { kafka: { replicas: 3 }, entityOperator: {} })
const prometheus = custom('monitoring.coreos.com/v1', 'Prometheus', { replicas: 2 })
const telemetry = 'opentelemetry.io/v1beta1'
const podTemplate = { template: { spec: { containers: [{ name: 'main' }] } } }
const warning = ['warning workloads/operator']

describe('pods that an operator makes in a meshed namespace', () => {
  test('are named with file and line, and with what reaches them', () => {
    const { findings } = discoverProd({ [file]: yaml(meshed, kafka) })

    expect(findings).toMatchObject([
      {
        id: 'workloads/operator',
        place: { cluster: 'prod', file, line: 12, object: 'Kafka shop/events' },
        remedy:
          'have the operator restart them in each step, and say so with --confirmed; or accept this finding with a reason, if none of its pods has a sidecar',
      },
    ])
  })

  test.each([
    ['of a known kind', prometheus, warning],
    ['of a known kind, without replicas', custom('postgresql.cnpg.io/v1', 'Cluster'), warning],
    ['another group’s StatefulSet', custom('apps.kruise.io/v1beta1', 'StatefulSet', { replicas: 1 }), warning],
    ['replicas of a kind that nobody knows', custom('db.example.com/v1', 'Store', { replicas: 3 }), warning],
    ['replicas that Flux fills in', custom('db.example.com/v1', 'Store', { replicas: '${COUNT}' }), warning],
    ['instances', custom('db.example.com/v1', 'Store', { instances: 1 }), warning],
    ['instances, of which none is a copy', custom('db.example.com/v1', 'Store', { instances: 1, replicas: 0 }), warning],
    ['a pod template', custom('db.example.com/v1', 'Store', podTemplate), warning],
    [
      'its copies of data, which a template of pods outweighs',
      custom('db.example.com/v1', 'Topic', { ...podTemplate, replicas: 3 }),
      warning,
    ],
    ['a kind that nobody knows, of a group that is known', custom('kafka.strimzi.io/v1', 'Other', podTemplate), warning],
    [
      'collectors on each node, which have no number',
      custom(telemetry, 'OpenTelemetryCollector', { mode: 'daemonset', replicas: 0 }),
      warning,
    ],
    ['none, where the operator takes that for three', custom('zookeeper.pravega.io/v1beta1', 'ZookeeperCluster', { replicas: 0 }), warning],
    [
      'the host’s network in one part alone',
      custom('pingcap.com/v1', 'TidbCluster', { hostNetwork: true, tidb: { hostNetwork: false } }),
      warning,
    ],
    [
      'injection that is off in what the operator does not hand on',
      custom('monitoring.coreos.com/v1', 'Prometheus', {}, off.metadata),
      warning,
    ],
    ['the same of a kind that nobody knows', custom('db.example.com/v1', 'Store', { replicas: 3 }, off.metadata), warning],
    [
      'annotations, where labels alone are handed on',
      custom('kafka.strimzi.io/v1', 'Kafka', {}, { annotations: off.metadata.labels }),
      warning,
    ],
    ['what ends by itself', custom('keda.sh/v1alpha1', 'ScaledJob'), ['info workloads/job']],
    [
      'of which one part has no sidecar',
      custom('kafka.strimzi.io/v1', 'Kafka', { kafka: {}, zookeeper: { template: { pod: off } } }),
      warning,
    ],
  ])('%s', (_, object, ids) => {
    expect(found(object)).toEqual(ids)
  })

  test.each([
    ['no replicas', custom('db.example.com/v1', 'Store', { replicas: 0 })],
    ['replicas in words', custom('db.example.com/v1', 'Store', { replicas: 'many', instances: ['a'] })],
    ['replicas of data', custom('kafka.strimzi.io/v1beta2', 'KafkaTopic', { partitions: 3, replicas: 3 })],
    ['replicas of data in a group that has servers too', custom('couchbase.com/v2', 'CouchbaseBucket', { replicas: 1 })],
    ['replicas of data, Confluent’s', custom('platform.confluent.io/v1beta1', 'KafkaTopic', { replicas: 3 })],
    ['replicas of data, NATS’', custom('jetstream.nats.io/v1beta2', 'Stream', { replicas: 3 })],
    ['containers in the pods of others', custom(telemetry, 'OpenTelemetryCollector', { mode: 'sidecar' })],
    ['the host’s network', custom(telemetry, 'OpenTelemetryCollector', { mode: 'daemonset', hostNetwork: true })],
    ['the host’s network, in a template', custom('apps.kruise.io/v1', 'DaemonSet', { template: { spec: { hostNetwork: true } } })],
    [
      'the host’s network in each part',
      custom('pingcap.com/v1', 'TidbCluster', { pd: { hostNetwork: true }, tidb: { hostNetwork: true } }),
    ],
    ['no replicas of a known kind', custom('monitoring.coreos.com/v1', 'Prometheus', { replicas: 0 })],
    ['no replicas that Flux fills in', custom('monitoring.coreos.com/v1', 'Prometheus', { replicas: '0' })],
    ['no instances of a known kind', custom('k8s.keycloak.org/v2alpha1', 'Keycloak', { instances: 0 })],
    ['a template of something else', custom('cert-manager.io/v1', 'Certificate', { template: { spec: { containers: [] } } })],
    ['machines', custom('cluster.x-k8s.io/v1beta1', 'MachineDeployment', { replicas: 3 })],
    ['Kubernetes’ own', custom('autoscaling/v2', 'HorizontalPodAutoscaler', { replicas: 3 })],
    ['no spec', { apiVersion: 'db.example.com/v1', kind: 'Store', metadata: { name: 'events', namespace: 'shop' } }],
    ['injection that is off in the pods', custom('monitoring.coreos.com/v1', 'Prometheus', { podMetadata: off.metadata })],
    ['injection that is off in each part', custom('kafka.strimzi.io/v1', 'Kafka', { kafka: { template: { pod: off } } })],
    ['injection that is off for all, by the label', custom('kafka.strimzi.io/v1', 'Kafka', { kafka: {} }, off.metadata)],
    [
      'injection that is off for all',
      custom('rabbitmq.com/v1beta1', 'RabbitmqCluster', {}, { annotations: { 'sidecar.istio.io/inject': 'false' } }),
    ],
  ])('nothing of %s', (_, object) => {
    expect(found(object)).toEqual([])
  })

  test('nothing in a namespace without sidecars, unless the pods ask for one', () => {
    const plain = namespace('shop')
    const asking = custom('monitoring.coreos.com/v1', 'Prometheus', { podMetadata: { labels: { 'sidecar.istio.io/inject': 'true' } } })

    expect([found(prometheus, undefined, plain), found(asking, undefined, plain)]).toEqual([[], warning])
  })

  test('in a namespace that Git does not show, if the kind is known', () => {
    const other = namespace('other')
    const { findings } = discoverProd({ [file]: yaml(prometheus) })

    expect(findings.map(({ remedy }) => remedy.slice(0, 73))).toEqual([
      'state the labels of shop in clusters[].namespaces of reroot.yaml; or add ',
    ])
    expect(found(custom('db.example.com/v1', 'Store', { replicas: 3 }), undefined, other)).toEqual([])
  })

  test('what reroot.yaml restarts is no longer of interest; what the operator alone replaces is', () => {
    const listed: Covered = { namespaces: ['shop'], workloads: [] }
    const stated = (name: string): Covered => ({ namespaces: [], workloads: [{ kind: 'StatefulSet', namespace: 'shop', name }] })

    expect([found(prometheus, listed), found(prometheus, stated('prometheus-events'))]).toEqual([[], []])
    expect([found(prometheus, stated('prometheus-other')), found(kafka, listed), found(kafka, stated('events'))]).toEqual([
      warning,
      warning,
      warning,
    ])
  })

  test('it is told what has them restarted: the frozen list of an earlier step may lack it', () => {
    const covered: Covered = { namespaces: ['shop'], workloads: [{ kind: 'StatefulSet', namespace: 'shop', name: 'prometheus-events' }] }
    const { settled } = discoverProd({ [file]: yaml(meshed, prometheus) }, { covered })

    expect(settled).toMatchObject([{ finding: { id: 'workloads/operator' }, by: ['shop', 'StatefulSet/shop/prometheus-events'] }])
  })

  test('patches of an overlay count', () => {
    const patch = {
      target: { kind: 'Prometheus' },
      patch: '[{ op: add, path: /spec/podMetadata, value: { labels: { sidecar.istio.io/inject: "false" } } }]',
    }
    const built = (patches: readonly object[], object = prometheus): readonly string[] =>
      idsOf(
        discoverProd({
          [file]: yaml(meshed, flux('apps', './apps')),
          'apps/kustomization.yaml': yaml({ resources: ['p.yaml'], patches }),
          'apps/p.yaml': yaml(object),
        }),
      )

    const none = custom('monitoring.coreos.com/v1', 'Prometheus', { replicas: 0 })
    const two = { target: { kind: 'Prometheus' }, patch: '[{ op: replace, path: /spec/replicas, value: 2 }]' }

    const reported = ['warning workloads/operator apps/p.yaml:1']
    expect([built([]), built([patch]), built([], none), built([two], none)]).toEqual([reported, [], [], reported])
  })
})

describe('virtual machines, whatever their namespace', () => {
  const machine = ['warning workloads/virtual-machine']
  const version = 'networking.istio.io/v1'
  const labels = (tlsMode: string): object => ({ labels: { 'security.istio.io/tlsMode': tlsMode } })

  test.each([
    ['a group', custom(version, 'WorkloadGroup', { template: {} }), machine],
    ['an entry with an account', custom(version, 'WorkloadEntry', { serviceAccount: 'vm' }), machine],
    ['an entry that says so', custom(version, 'WorkloadEntry', labels('istio')), machine],
    ['an endpoint of a ServiceEntry', custom(version, 'ServiceEntry', { endpoints: [{}, { serviceAccount: 'vm' }] }), machine],
    ['an entry that says no', custom(version, 'WorkloadEntry', { serviceAccount: 'vm', ...labels('disabled') }), []],
    ['an address', custom(version, 'WorkloadEntry', { address: '10.0.0.1' }), []],
    ['another group', custom('other.example/v1', 'WorkloadGroup'), []],
  ])('%s', (_, object, ids) => {
    expect(found(object, undefined, namespace('shop'))).toEqual(ids)
  })
})

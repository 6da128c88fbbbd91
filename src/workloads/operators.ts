import { makesPods } from './pod-owner.ts'
import { groupVersion } from './resource.ts'
import { hasVariable } from './substitution.ts'
import { asList, asMap, asText, scalarText, valueAt } from './value.ts'
import type { Value, ValueMap } from './value.ts'

/** What is known of a kind of which an operator makes pods. */
export interface OperatedKind {
  /**
   * `templates`: by Deployments, StatefulSets or DaemonSets that a Job can restart; `pods`: which the operator alone replaces; `runs`: which end by
   * themselves; `unknown`: it only looks as if pods were made.
   */
  readonly made: 'templates' | 'pods' | 'runs' | 'unknown'
  /** Keys of `spec` that make pods, each with a template of its own. */
  readonly parts: readonly string[]
  /** What of its `metadata` its pods get too. */
  readonly inherited: readonly string[]
}

/** Of one API group: kinds, and their parts. */
type Entry = readonly [group: string, kinds: string, ...parts: string[]]

// Where the operator sets a template back, the pods restart once more.
const byTemplates: readonly Entry[] = [
  ['monitoring.coreos.com', 'Prometheus PrometheusAgent Alertmanager ThanosRuler'],
  ['operator.victoriametrics.com', 'VMSingle VMAgent VMAlert VMAuth VLSingle'],
  ['grafana.integreatly.org', 'Grafana'],
  ['loki.grafana.com', 'LokiStack'],
  ['tempo.grafana.com', 'TempoStack TempoMonolithic'],
  ['opentelemetry.io', 'OpenTelemetryCollector TargetAllocator OpAMPBridge'],
  ['jaegertracing.io', 'Jaeger'],
  ['fluentbit.fluent.io', 'FluentBit'],
  ['fluentd.fluent.io', 'Fluentd'],
  ['rabbitmq.com', 'RabbitmqCluster'],
  ['kibana.k8s.elastic.co', 'Kibana'],
  ['apm.k8s.elastic.co', 'ApmServer'],
  ['beat.k8s.elastic.co', 'Beat'],
  ['agent.k8s.elastic.co', 'Agent'],
  ['logstash.k8s.elastic.co', 'Logstash'],
  ['enterprisesearch.k8s.elastic.co', 'EnterpriseSearch'],
  ['maps.k8s.elastic.co', 'ElasticMapsServer'],
  ['redis.redis.opstreelabs.in', 'Redis RedisCluster RedisReplication RedisSentinel'],
  ['app.redislabs.com', 'RedisEnterpriseCluster'],
  ['dragonflydb.io', 'Dragonfly'],
  ['mongodbcommunity.mongodb.com', 'MongoDBCommunity'],
  ['mongodb.com', 'MongoDB MongoDBMultiCluster MongoDBOpsManager'],
  ['mysql.oracle.com', 'InnoDBCluster'],
  ['scylla.scylladb.com', 'ScyllaCluster'],
  ['cassandra.datastax.com', 'CassandraDatacenter'],
  ['k8ssandra.io', 'K8ssandraCluster'],
  ['clickhouse.altinity.com', 'ClickHouseInstallation'],
  ['clickhouse-keeper.altinity.com', 'ClickHouseKeeperInstallation'],
  ['minio.min.io', 'Tenant'],
  ['vault.banzaicloud.com', 'Vault'],
  ['k8s.keycloak.org', 'Keycloak'],
  ['temporal.io', 'TemporalCluster'],
  ['zookeeper.pravega.io', 'ZookeeperCluster'],
  ['solr.apache.org', 'SolrCloud'],
  ['machinelearning.seldon.io', 'SeldonDeployment', 'predictors'],
  ['mlops.seldon.io', 'Server SeldonRuntime'],
  ['serving.kserve.io', 'InferenceService', 'predictor', 'transformer', 'explainer'],
  ['kafka.strimzi.io', 'KafkaBridge'],
  ['argoproj.io', 'ArgoCD EventBus EventSource Sensor'],
  ['operator.knative.dev', 'KnativeServing KnativeEventing'],
  ['kiali.io', 'Kiali'],
]

// Bare pods, sets of the operator's own, or StatefulSets with OnDelete or a partition.
const byPods: readonly Entry[] = [
  ['kafka.strimzi.io', 'Kafka', 'kafka', 'zookeeper', 'entityOperator', 'kafkaExporter', 'cruiseControl'],
  ['kafka.strimzi.io', 'KafkaNodePool KafkaConnect KafkaMirrorMaker2 KafkaMirrorMaker'],
  ['core.strimzi.io', 'StrimziPodSet'],
  ['platform.confluent.io', 'Kafka Zookeeper KRaftController Connect SchemaRegistry KsqlDB KafkaRestProxy ControlCenter'],
  ['postgresql.cnpg.io', 'Cluster Pooler'],
  ['acid.zalan.do', 'postgresql'],
  ['postgres-operator.crunchydata.com', 'PostgresCluster PGAdmin'],
  ['pgv2.percona.com', 'PerconaPGCluster'],
  ['psmdb.percona.com', 'PerconaServerMongoDB', 'replsets', 'sharding'],
  ['pxc.percona.com', 'PerconaXtraDBCluster', 'pxc', 'haproxy', 'proxysql'],
  ['k8s.mariadb.com', 'MariaDB MaxScale'],
  ['databases.spotahome.com', 'RedisFailover', 'redis', 'sentinel'],
  ['elasticsearch.k8s.elastic.co', 'Elasticsearch', 'nodeSets'],
  ['opensearch.opster.io', 'OpenSearchCluster', 'nodePools', 'dashboards'],
  ['operator.victoriametrics.com', 'VMAlertmanager'],
  ['operator.victoriametrics.com', 'VMCluster', 'vmstorage', 'vmselect', 'vminsert'],
  ['operator.victoriametrics.com', 'VLCluster', 'vlstorage', 'vlselect', 'vlinsert'],
  ['pingcap.com', 'TidbCluster', 'pd', 'tikv', 'tidb', 'tiflash', 'ticdc'],
  ['crdb.cockroachlabs.com', 'CrdbCluster'],
  ['flink.apache.org', 'FlinkDeployment', 'jobManager', 'taskManager'],
  ['apps.kruise.io', 'CloneSet StatefulSet DaemonSet UnitedDeployment'],
  ['serving.knative.dev', 'Configuration'],
  ['leaderworkerset.x-k8s.io', 'LeaderWorkerSet'],
  ['ray.io', 'RayCluster RayService'],
  ['kubevirt.io', 'VirtualMachine VirtualMachineInstance VirtualMachineInstanceReplicaSet'],
  ['agones.dev', 'Fleet GameServer GameServerSet'],
  ['couchbase.com', 'CouchbaseCluster'],
  ['asdb.aerospike.com', 'AerospikeCluster'],
  ['apps.foundationdb.org', 'FoundationDBCluster'],
]

const byRuns: readonly Entry[] = [
  ['keda.sh', 'ScaledJob'],
  ['argoproj.io', 'Workflow CronWorkflow'],
  ['tekton.dev', 'PipelineRun TaskRun CustomRun'],
  ['sparkoperator.k8s.io', 'SparkApplication ScheduledSparkApplication'],
  ['apps.kruise.io', 'AdvancedCronJob BroadcastJob'],
  ['batch.volcano.sh', 'Job'],
  ['jobset.x-k8s.io', 'JobSet'],
  ['ray.io', 'RayJob'],
  ['kubeflow.org', 'PyTorchJob TFJob MPIJob XGBoostJob'],
  ['k6.io', 'TestRun'],
]

/**
 * By group. Most operators take labels of pods from below `spec` alone. Sources: manifestutils/annotations.go and labels.go of
 * OpenTelemetry's operator, Labels.fromResource of Strimzi, pod.go of Tekton, internal/metadata of RabbitMQ's cluster operator.
 */
const inherited: ReadonlyMap<string, readonly string[]> = new Map([
  ['opentelemetry.io', ['labels', 'annotations']],
  ['rabbitmq.com', ['labels', 'annotations']],
  ['tekton.dev', ['labels', 'annotations']],
  ['kafka.strimzi.io', ['labels']],
])

const known: ReadonlyMap<string, OperatedKind> = new Map(
  [byTemplates, byPods, byRuns].flatMap((entries) =>
    entries.flatMap(([group, kinds, ...parts]) => {
      const made = entries === byTemplates ? 'templates' : entries === byPods ? 'pods' : 'runs'
      return kinds.split(' ').map((kind) => [`${kind}.${group}`, { made, parts, inherited: inherited.get(group) ?? [] }] as const)
    }),
  ),
)

const groups: ReadonlySet<string> = new Set([...byTemplates, ...byPods, ...byRuns].map(([group]) => group))

// Copies of data have a number as well, in a server that another resource makes.
const data = /(Topic|Bucket|Queue|Keyspace|Schema)$|^(Stream|Consumer|KeyValue|ObjectStore)$/

// There none, or less than one, means the operator's own number (argo-events GetReplicas, zookeeper-operator withDefaults).
const neverNone = new Set(['argoproj.io', 'zookeeper.pravega.io'])
const counts = ['replicas', 'instances', 'replicaCount', 'count']

// What has replicas there is machines, or something in a cloud.
const elsewhere =
  /(^|\.)(cluster\.x-k8s\.io|karpenter\.sh|karmada\.io|crossplane\.io|upbound\.io|services\.k8s\.aws|cnrm\.cloud\.google\.com|azure\.com)$/

/** @returns how an operator makes pods of a custom resource; `null` if nothing says that one does. */
export function operatedKind(object: ValueMap): OperatedKind | null {
  const { group } = groupVersion(asText(object['apiVersion']) ?? '')
  if (makesPods(object)) return null
  const entry = known.get(`${String(object['kind'])}.${group}`)
  if (entry !== undefined) return entry
  // Kubernetes' own groups have no dot, or are below k8s.io.
  if (!group.includes('.') || group.endsWith('.k8s.io') || elsewhere.test(group)) return null
  const spec = object['spec']
  const hasTemplate = asList(valueAt(spec, 'template', 'spec', 'containers')).length > 0
  const isOfData = groups.has(group) || data.test(String(object['kind']))
  return hasTemplate || (!isOfData && ['replicas', 'instances'].some((key) => isCount(valueAt(spec, key)))) ? guess : null
}

const guess: OperatedKind = { made: 'unknown', parts: [], inherited: [] }

/** Whether a custom resource, after all patches, says itself that no pods are made of it. */
export function makesNone(object: ValueMap, { parts }: OperatedKind): boolean {
  const { group } = groupVersion(asText(object['apiVersion']) ?? '')
  const spec = object['spec']
  const mode = (scalarText(valueAt(spec, 'mode')) ?? '').toLowerCase()
  // OpenTelemetry's: a container in the pods of others, whose workloads are looked at themselves.
  if (group === 'opentelemetry.io' && mode === 'sidecar') return true
  // A DaemonSet has no number.
  if (parts.length > 0 || neverNone.has(group) || mode === 'daemonset') return false
  const written = counts.flatMap((key) => scalarText(valueAt(spec, key)) ?? [])
  return written.length > 0 && written.every((count) => /^0+$/.test(count))
}

/** What Flux has filled in is text; a variable without a value may be any number. */
function isCount(value: Value): boolean {
  const text = Array.isArray(value) || asMap(value) !== null ? null : scalarText(value)
  return text !== null && (/^0*[1-9]\d*$/.test(text) || hasVariable(text))
}

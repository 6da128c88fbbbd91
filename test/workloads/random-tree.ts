import fc from 'fast-check'
import type { Tree } from './tree.ts'

// A fixed grammar of kustomize trees: bases, overlays and components with names, namespaces, labels and patches.

const mostly = fc.constantFrom(true, true, true, true, true, true, true, false)
const workloadName = fc.constantFrom('cart', 'web', 'db', 'api', 'till', 'stock')
const kind = fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet')
const namespace = fc.constantFrom(null, null, 'shop', 'pay')
const pairs = fc.dictionary(
  fc.constantFrom('app', 'team', 'sidecar.istio.io/inject', 'istio.io/rev'),
  fc.constantFrom('a', 'b', 'true', '1-24'),
  { maxKeys: 2 },
)
const mergePairs = fc.dictionary(
  fc.constantFrom('app', 'team', 'note', 'sidecar.istio.io/inject'),
  fc.constantFrom('x', 'y', 'false', null),
  { maxKeys: 3 },
)

const workload = fc.record({
  kind,
  name: workloadName,
  namespace,
  labels: fc.option(
    pairs.map((some) => ({ app: 'a', ...some })),
    { freq: 9 },
  ),
  annotations: fc.option(pairs),
  withTemplate: mostly,
})
type WorkloadSketch = typeof workload extends fc.Arbitrary<infer T> ? T : never

const plain = fc.record({ object: fc.constantFrom('Namespace', 'ConfigMap', 'Widget'), name: fc.constantFrom('shop', 'pay') })
type PlainSketch = typeof plain extends fc.Arbitrary<infer T> ? T : never

// Mostly one of the workloads below, by the id that it was written with; else a name that may or may not exist.
const stranger = fc.record({ kind, name: fc.constantFrom('cart', 'p-cart', 'web-s', 'p-db-s'), namespace })
const address = fc.record({ pick: fc.nat(11), stranger, known: fc.nat(24).map((one) => one > 0) })
interface Address {
  readonly kind: string
  readonly name: string
  readonly namespace: string | null
}
const patch = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      how: fc.constant('merge' as const),
      address,
      target: fc.boolean(),
      pairs: mergePairs,
      where: fc.constantFrom('labels', 'labels', 'annotations', 'own'),
      replace: fc.boolean(),
      inFile: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      how: fc.constant('json' as const),
      address,
      regular: fc.boolean(),
      operation: fc.constantFrom('add-map', 'add-key', 'remove', 'replace', 'rename', 'test'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ how: fc.constant('delete' as const), address, target: fc.boolean() }) },
)
type PatchSketch = typeof patch extends fc.Arbitrary<infer T> ? T : never

const layer = fc.record({
  workloads: fc.uniqueArray(workload, { maxLength: 2, selector: (one) => `${one.kind} ${one.name} ${one.namespace}` }),
  plain: fc.array(plain, { maxLength: 1 }),
  namespace: fc.constantFrom(null, null, null, 'shop', 'ops'),
  namePrefix: fc.constantFrom(null, null, 'p-'),
  nameSuffix: fc.constantFrom(null, null, '-s'),
  labels: fc.option(fc.record({ pairs, includeTemplates: fc.boolean(), includeSelectors: fc.boolean() }), { freq: 3 }),
  commonLabels: fc.option(pairs, { freq: 5 }),
  commonAnnotations: fc.option(pairs, { freq: 4 }),
  patches: fc.array(patch, { maxLength: 2 }),
  legacyPatches: fc.array(patch, { maxLength: 1, size: 'xsmall' }),
})
type LayerSketch = typeof layer extends fc.Arbitrary<infer T> ? T : never

export const treeSketch = fc.record({
  bases: fc.array(layer, { minLength: 1, maxLength: 2 }),
  middle: fc.option(layer),
  overlay: layer,
  components: fc.array(layer, { maxLength: 2 }),
})
export type TreeSketch = typeof treeSketch extends fc.Arbitrary<infer T> ? T : never

/** The files of a sketch. The overlay is `overlay/`. */
export function drawTree(sketch: TreeSketch): Tree {
  const tree: Record<string, string> = {}
  const known = sketch.bases.flatMap((base) => base.workloads).map((one): Address => one)
  const bases = sketch.bases.map((base, index) => {
    drawLayer(tree, `base${index}`, base, 'Kustomization', [], [], base.workloads)
    return `base${index}`
  })
  let below = bases
  if (sketch.middle !== null) {
    known.push(...sketch.middle.workloads)
    drawLayer(tree, 'middle', sketch.middle, 'Kustomization', bases, [], known)
    below = ['middle']
  }
  known.push(...sketch.overlay.workloads)
  const components = sketch.components.map((component, index) => {
    known.push(...component.workloads)
    drawLayer(tree, `component${index}`, component, 'Component', [], [], known)
    return `component${index}`
  })
  drawLayer(tree, 'overlay', sketch.overlay, 'Kustomization', below, components, known)
  return tree
}

function drawLayer(
  tree: Record<string, string>,
  folder: string,
  sketch: LayerSketch,
  layerKind: 'Kustomization' | 'Component',
  below: readonly string[],
  components: readonly string[],
  known: readonly Address[],
): void {
  const own = [...sketch.workloads.map(drawWorkload), ...sketch.plain.map(drawPlain)]
  if (own.length > 0) tree[`${folder}/objects.yaml`] = own.map((object) => JSON.stringify(object)).join('\n---\n')
  const to = ({ address: { pick, stranger: other, known: usual } }: PatchSketch): Address =>
    usual ? (known[pick % known.length] ?? other) : other
  // A patch of nothing is refused: where there is nothing to patch, few are drawn.
  const drawn = (sketches: readonly PatchSketch[]): readonly PatchSketch[] =>
    sketches.filter((one) => known.length > 0 || !one.address.known)
  const patches = drawn(sketch.patches).map((one, index) => drawPatch(tree, folder, one, index, to(one)))
  const fields = {
    apiVersion: `kustomize.config.k8s.io/${layerKind === 'Component' ? 'v1alpha1' : 'v1beta1'}`,
    kind: layerKind,
    resources: [...below.map((name) => `../${name}`), ...(own.length > 0 ? ['objects.yaml'] : [])],
    components: components.map((name) => `../${name}`),
    namespace: sketch.namespace,
    namePrefix: sketch.namePrefix,
    nameSuffix: sketch.nameSuffix,
    labels: sketch.labels === null ? null : [sketch.labels],
    commonLabels: sketch.commonLabels,
    commonAnnotations: sketch.commonAnnotations,
    patches,
    patchesStrategicMerge: drawn(sketch.legacyPatches)
      .filter((one) => one.how !== 'json')
      .map((one) => JSON.stringify(mergePatch(one, to(one)))),
    patchesJson6902: drawn(sketch.legacyPatches)
      .filter((one) => one.how === 'json')
      .map((one) => jsonPatch(one, to(one))),
  }
  const written = Object.entries(fields).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
  tree[`${folder}/kustomization.yaml`] = `${JSON.stringify(Object.fromEntries(written), null, 1)}\n`
}

function drawWorkload(sketch: WorkloadSketch): object {
  const metadata = { name: sketch.name, ...(sketch.namespace === null ? {} : { namespace: sketch.namespace }) }
  const template = {
    metadata: {
      ...(sketch.labels === null ? {} : { labels: sketch.labels }),
      ...(sketch.annotations === null ? {} : { annotations: sketch.annotations }),
    },
    spec: { containers: [{ name: 'main', image: 'registry.example/app:1' }] },
  }
  const { metadata: _, ...bare } = template
  return {
    apiVersion: 'apps/v1',
    kind: sketch.kind,
    metadata,
    spec: { selector: { matchLabels: { app: 'x' } }, template: sketch.withTemplate ? template : bare },
  }
}

function drawPlain(sketch: PlainSketch): object {
  const apiVersion = { Namespace: 'v1', ConfigMap: 'v1', Widget: 'example.com/v1' }[sketch.object]
  return { apiVersion, kind: sketch.object, metadata: { name: sketch.name, labels: { made: 'here' } } }
}

function drawPatch(tree: Record<string, string>, folder: string, sketch: PatchSketch, index: number, to: Address): object {
  if (sketch.how === 'json') return jsonPatch(sketch, to)
  const text = JSON.stringify(mergePatch(sketch, to))
  const target = sketch.target ? { target: { kind: to.kind, name: to.name } } : {}
  if (sketch.how === 'merge' && sketch.inFile) {
    tree[`${folder}/patch${index}.yaml`] = text
    return { path: `patch${index}.yaml`, ...target }
  }
  return { patch: text, ...target }
}

function mergePatch(sketch: Extract<PatchSketch, { how: 'merge' | 'delete' }>, to: Address): object {
  const metadata = { name: to.name, ...(to.namespace === null ? {} : { namespace: to.namespace }) }
  const head = { apiVersion: 'apps/v1', kind: to.kind, metadata }
  if (sketch.how === 'delete') return { ...head, $patch: 'delete' }
  const changes = sketch.replace ? { ...sketch.pairs, $patch: 'replace' } : sketch.pairs
  if (sketch.where === 'own') return { ...head, metadata: { ...metadata, labels: changes } }
  return { ...head, spec: { template: { metadata: { [sketch.where]: changes } } } }
}

function jsonPatch(sketch: Extract<PatchSketch, { how: 'json' }>, to: Address): object {
  const at = '/spec/template/metadata'
  const operations = {
    'add-map': [{ op: 'add', path: `${at}/annotations`, value: { only: 'this' } }],
    'add-key': [{ op: 'add', path: `${at}/labels/team`, value: 'json' }],
    remove: [{ op: 'remove', path: `${at}/labels/app` }],
    replace: [{ op: 'replace', path: `${at}/labels`, value: { app: 'replaced' } }],
    rename: [{ op: 'replace', path: '/metadata/name', value: 'renamed' }],
    test: [
      { op: 'test', path: `${at}/labels/app`, value: 'a' },
      { op: 'add', path: `${at}/labels/app`, value: 'tested' },
    ],
  }[sketch.operation]
  const name = sketch.regular ? `${to.name}.*` : to.name
  return {
    target: { kind: to.kind, name, ...(to.namespace === null ? {} : { namespace: to.namespace }) },
    patch: JSON.stringify(operations),
  }
}

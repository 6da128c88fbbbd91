import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { casesOf, seedOf } from '../../support/cases.ts'
import { filesBelow, readRefs } from '../../support/forge.ts'
import type { Sandbox } from '../../support/sandbox.ts'
import { sandboxIn } from '../../support/states.ts'
import { readOverlay } from '../../workloads/overlay.ts'
import { drawTree, treeSketch } from '../../workloads/random-tree.ts'
import type { TreeSketch } from '../../workloads/random-tree.ts'
import type { Tree } from '../../workloads/tree.ts'

// Laws of whole commands on repositories that nobody has seen: planning twice is planning once, rendering twice gives the same bytes, and in people's
// files nothing changes but the lines of the restart. What is refused is refused twice, and changes nothing; what has no fault is not refused.

const seed = seedOf(1)

const plainFile = fc
  .record({
    indent: fc.constantFrom('  ', '    '),
    lineBreak: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\uFEFF'),
    metadata: fc.constantFrom('none', 'labels', 'braces', 'annotations', 'commented'),
    end: fc.boolean(),
    before: fc.boolean(),
  })
  .map(({ indent, lineBreak, mark, metadata, end, before }) => {
    const at = (depth: number, text: string): string => indent.repeat(depth) + text
    const inside = {
      none: [],
      labels: [at(2, 'metadata: # of the pods'), at(3, 'labels: {app: plain}')],
      braces: [at(2, 'metadata: {labels: {app: plain}, annotations: {"note": "ü # no comment"}}')],
      annotations: [
        at(2, 'metadata:'),
        at(3, 'annotations:'),
        at(4, '# why'),
        at(4, "note: 'it''s'   # two"),
        at(3, 'labels: {app: plain}'),
      ],
      commented: [at(2, 'metadata:'), at(3, '# annotations: {}'), at(3, 'labels:'), at(4, 'app: plain')],
    }[metadata]
    const lines = [
      ...(before
        ? [
            '# of the team',
            'apiVersion: v1',
            'kind: Service',
            'metadata: {name: plain, namespace: store}',
            'spec: {ports: [{port: 80}]}',
            '---',
          ]
        : []),
      'apiVersion: apps/v1',
      'kind: Deployment   # by hand',
      'metadata:',
      at(1, 'name: plain'),
      at(1, 'namespace: "store"'),
      'spec:',
      at(1, 'selector: {matchLabels: {app: plain}}'),
      at(1, 'template:'),
      ...inside,
      at(2, 'spec:'),
      at(3, 'containers:'),
      at(3, '- {name: main, image: "registry.example/app:1"}   # the image'),
    ]
    return mark + lines.join(lineBreak) + (end ? lineBreak : '')
  })

/** Most trees have something that kustomize or Flux would refuse: these have not. */
const inStore = (sketch: TreeSketch): TreeSketch => {
  const bare = <T extends object>(layer: T): T => ({ ...layer, plain: [] })
  return {
    bases: sketch.bases.map(bare),
    middle: sketch.middle === null ? null : bare(sketch.middle),
    overlay: { ...bare(sketch.overlay), namespace: 'shop' },
    components: sketch.components.map(bare),
  }
}
/** Into a namespace of its own: the example has one that is called `shop`. */
const moved = (tree: Tree): Tree =>
  Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, text.replaceAll('"shop"', '"store"')]))
const deployable = treeSketch
  .map((sketch) => moved(drawTree(inStore(sketch))))
  .filter((tree) => {
    const { resources, problems } = readOverlay(tree)
    return problems.length === 0 && resources.some(({ view }) => view !== null)
  })

const wishes = {
  plain: plainFile,
  pullRequests: fc.constantFrom('auto', 'per-wave', 'one'),
  most: fc.constantFrom(1, 3, 50),
  orders: fc.boolean(),
}
/** With nothing in it that a step may refuse. */
const faultless = fc.record({ ...wishes, tree: deployable, delivery: fc.constant('auto') })
const anything = fc.record({
  ...wishes,
  tree: fc.oneof({ weight: 3, arbitrary: deployable }, { weight: 1, arbitrary: treeSketch.map((sketch) => moved(drawTree(sketch))) }),
  // A tree may have a patch that takes its owner's annotations away again: `restart/owner`.
  delivery: fc.constantFrom('auto', 'owner'),
})
type Repository = typeof anything extends fc.Arbitrary<infer T> ? T : never

const kustomization = (name: string, path: string, orders: boolean): string =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}, namespace: flux-system}\nspec:\n  dependsOn: [{name: istio}${orders ? ', {name: mesh-ca-control-plane}' : ''}]\n  interval: 10m\n  path: ${path}\n  prune: true\n  wait: true\n  sourceRef: {kind: GitRepository, name: flux-system}\n`

async function lay({ tree, plain, delivery, pullRequests, most, orders }: Repository): Promise<Sandbox> {
  const sandbox = await sandboxIn('initialised')
  const files = Object.entries(tree).map(([path, text]) => [`apps/random/${path}`, text] as const)
  const namespaces = ['store', 'pay', 'ops', 'default'].map(
    (name) =>
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {istio-injection: ${name === 'ops' ? 'disabled' : 'enabled'}}}\n`,
  )
  sandbox.forge.push({
    ...Object.fromEntries(files),
    'apps/plain/deployment.yaml': plain,
    'infrastructure/namespaces/random.yaml': namespaces.join('---\n'),
    'clusters/prod/random.yaml': `${kustomization('random', './apps/random/overlay', orders)}---\n${kustomization('plain', './apps/plain', orders)}`,
  })
  const rules =
    delivery === 'owner'
      ? '  rules: [{ match: Deployment/store/*, delivery: owner }, { match: "*/pay/*", delivery: owner }]'
      : '  rules: []'
  if (delivery === 'owner') sandbox.forge.edit('mesh-ca/reroot.yaml', [['  rules: []', rules]])
  if (pullRequests !== 'auto') sandbox.forge.edit('mesh-ca/reroot.yaml', [['pullRequests: auto', `pullRequests: ${pullRequests}`]])
  if (most !== 50) sandbox.forge.edit('mesh-ca/reroot.yaml', [['maxWorkloadsPerWave: 50', `maxWorkloadsPerWave: ${most}`]])
  return sandbox
}

const bytesBelow = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(filesBelow(folder).map((path) => [relative(folder, path), readFileSync(path, 'latin1')]))

const words = { stage: [], promote: ['--confirmed', 'all of them'], retire: ['--confirmed', 'all of them'] } as const

/** A step, planned twice, and its pull requests merged one after the other. @returns whether it was taken. */
async function takeTwice(sandbox: Sandbox, step: keyof typeof words, story: string, mayRefuse: boolean): Promise<boolean> {
  const as = step === 'stage' ? sandbox.operator : null
  const refs = (): unknown => [...readRefs(sandbox.forge.directory)]
  for (let part = 0; part < 12; part++) {
    const before = new Set(sandbox.forge.branches())
    const start = refs()
    const first = await sandbox.run([step, ...words[step]], { as })
    const once = refs()
    if (first.exitCode !== 0) {
      // What is refused is a finding of the random tree, never a fault of the program; and `stage` finds it.
      expect(mayRefuse && step === 'stage', `${step} is refused\n${story}\n${first.stderr}`).toBe(true)
      expect(first.exitCode, `${story}\n${first.stderr}`).toBe(3)
      expect(once, story).toEqual(start)
      const second = await sandbox.run([step, ...words[step]], { as })
      expect(second, story).toEqual(first)
      expect(part, story).toBe(0)
      return false
    }
    const second = await sandbox.run([step, ...words[step]], { as })
    expect(second.exitCode, `${story}\n${second.stderr}`).toBe(0)
    expect(refs(), `${step} twice\n${story}`).toEqual(once)
    const branch = sandbox.forge.branches().find((name) => !before.has(name))
    if (branch === undefined) {
      expect(first.stderr, story).toContain('nothing to do')
      return true
    }
    for (const out of ['one', 'two']) await sandbox.does([step, ...words[step], '--dry-run', '--out', `../${out}`], { as })
    const [one, two] = ['one', 'two'].map((out) => bytesBelow(join(sandbox.folder, out)))
    expect(Object.keys(one ?? {}).length, story).toBeGreaterThan(0)
    expect(one, `${step} rendered twice\n${story}`).toEqual(two)
    sandbox.git('clean', '--quiet', '-fdx')
    onlyRestartsChange(sandbox, branch, story)
    sandbox.forge.merge(branch)
  }
  throw new Error(`${step} has no end\n${story}`)
}

const restart = /reroot\.dev\/rotation|mesh-ca-restart/
const ours =
  /^\s*-?\s*["']?("?components"?: ?\["mesh-ca-restart"\],?|annotations:|metadata:|components:|.*mesh-ca-restart["']?|["']?reroot\.dev\/rotation["']?:.*)\s*$/

/** Whether a line is the old one with a piece put into it that is the restart's. */
function isGrown(old: string, line: string): boolean {
  const added = line.length - old.length
  return (
    added > 0 && [...line].some((_, at) => line.slice(0, at) + line.slice(at + added) === old && restart.test(line.slice(at, at + added)))
  )
}

/** In people's files every line stays as it was, in its order; what is new is the restart's, or a line that had its old value. */
function onlyRestartsChange(sandbox: Sandbox, branch: string, story: string): void {
  const [before, after] = [sandbox.forge.files(), sandbox.forge.files(branch)]
  for (const [path, bytes] of after) {
    const old = before.get(path)
    if (old === undefined) {
      expect(path, story).toMatch(/^mesh-ca\/|\/mesh-ca-restart\/kustomization\.yaml$/)
      continue
    }
    if (path.startsWith('mesh-ca/') || old.equals(bytes)) continue
    const [was, is] = [old, bytes].map((one) => one.toString('latin1').split('\n'))
    let next = 0
    for (const line of is ?? []) {
      if (line === was?.[next]) next += 1
      else if (restart.test(was?.[next] ?? '') && restart.test(line)) next += 1
      // In JSON the entry before a new last one gets a comma.
      else if (line.replace(/,(\r?)$/, '$1') === was?.[next] && restart.test(is?.join('') ?? '')) next += 1
      // In braces, or in JSON, the restart stands in a line of people's.
      else if (isGrown(was?.[next] ?? '', line)) next += 1
      else expect(line, `a new line in ${path}\n${story}`).toMatch(ours)
    }
    expect(next, `a line of ${path} is gone\n${was?.join('\n')}\n--\n${is?.join('\n')}\n${story}`).toBe(was?.length)
  }
  for (const path of before.keys()) if (!path.startsWith('mesh-ca/')) expect(after.has(path), `${path} is gone\n${story}`).toBe(true)
}

const half = casesOf('rotations') / 2
const cases = [
  ...fc.sample(faultless, { numRuns: half, seed }).map((one) => ({ one, mayRefuse: false })),
  ...fc.sample(anything, { numRuns: half, seed }).map((one) => ({ one, mayRefuse: true })),
]
let taken = 0

test.each(cases.map(({ one, mayRefuse }, index) => [index, one, mayRefuse] as const))(
  'a rotation of random repository %i: twice is once, and people’s lines stay',
  async (index, one, mayRefuse) => {
    const story = `repository ${index} of seed ${seed}: ${JSON.stringify(one)}`
    const sandbox = await lay(one)

    for (const step of ['stage', 'promote', 'retire'] as const) {
      if (!(await takeTwice(sandbox, step, story, mayRefuse))) break
      taken += 1
      sandbox.git('pull', '--quiet')
      for (const out of ['first', 'second']) await sandbox.does(['render', '--out', `../${out}`])
      const [first, second] = ['first', 'second'].map((out) => bytesBelow(join(sandbox.folder, out)))
      expect(first, story).toEqual(second)
      const main = sandbox.forge.files()
      for (const [path, text] of Object.entries(first ?? {})) expect(main.get(path)?.toString('latin1'), `${path}\n${story}`).toBe(text)
    }
  },
)

test('at least the half without a fault is taken, each of its three steps', () => {
  expect(taken).toBeGreaterThanOrEqual(3 * half)
})

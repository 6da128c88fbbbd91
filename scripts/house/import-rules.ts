/** The parts of the house: folders of `src/`, and what stands beside it. */
const pure = ['base', 'mesh', 'pki', 'seal', 'workloads', 'rotation', 'plan'] as const
const six = ['base', 'mesh', 'pki', 'seal', 'workloads', 'rotation'] as const
const everything = [...pure, 'ports', 'run', 'adapters', 'charts', 'main', 'scripts', 'test'] as const

export type Part = (typeof everything)[number]

/** Who may import whom, beside itself. This table is the rule; `npm run check` holds it. */
export const mayImport: Readonly<Record<Part, readonly Part[]>> = {
  base: [],
  mesh: ['base'],
  pki: ['base', 'ports'],
  seal: ['base', 'ports'],
  workloads: ['base', 'ports'],
  rotation: ['base', 'mesh', 'pki'],
  plan: [...six, 'ports'],
  ports: pure,
  charts: pure,
  run: [...pure, 'ports', 'charts'],
  adapters: [...pure, 'ports'],
  main: everything,
  scripts: everything,
  test: everything,
}

/** Folders without a door: each file is one adapter, one chart, or one script, and is loaded alone. */
export const open: readonly Part[] = ['adapters', 'charts', 'scripts', 'test']

/** Who may look behind doors: tests of a folder's inside. */
export const trusted: readonly Part[] = ['test']

/**
 * Packages and Node's own modules that belong to some parts only; all others are free. Tests and scripts may use any. Node's modules stand here
 * with `node:`, and are meant without it too.
 */
export const keptFor: ReadonlyMap<string, readonly Part[]> = new Map<string, readonly Part[]>([
  ...[
    'fs',
    'fs/promises',
    'child_process',
    'net',
    'http',
    'https',
    'http2',
    'dns',
    'dns/promises',
    'dgram',
    'readline',
    'readline/promises',
  ].map((name) => [`node:${name}`, ['adapters', 'main']] as const),
  ['node:process', ['adapters', 'main']],
  // Keys are made on all cores.
  ['node:os', ['adapters', 'main', 'pki']],
  ['node:worker_threads', ['pki']],
  ['node:tls', ['adapters']],
  ['node-forge', ['pki']],
  ['age-encryption', ['seal']],
  ['re2js', ['seal', 'workloads']],
  ['cdk8s', ['charts', 'main']],
  ['cdk8s-plus-27', ['charts', 'main']],
  ['constructs', ['charts', 'main']],
  ['@commander-js/extra-typings', []],
  ['commander', []],
])

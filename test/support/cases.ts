/** How many cases of each law: in `npm test`, and in `npm run test:long`. The only place that says so. */
const sizes = {
  /** Documents that are sealed and opened here, and read by sops; and the reverse. */
  seal: [100, 10_000],
  /** Documents of which each costs a process of sops. */
  sopsProgram: [60, 200],
  /** Trees of kustomizations. */
  trees: [80, 500],
  /** Runs of the state machine: 2 × this for its first law. */
  machine: [200, 1_500],
  /** Runs of the model in which pull requests are merged, lost and reverted. */
  repository: [70, 3_000],
  /** Files that are edited, for each kind of edit. */
  edits: [600, 15_000],
  /** Well-formed files, in all layouts, of which every byte is compared. */
  manifests: [300, 5_000],
  /** Texts that the reader of simple YAML may take. */
  yaml: [4_000, 300_000],
  /** Values whose layout is compared with the package's. */
  written: [300, 20_000],
  /** Documents in which the way to a pod template's annotations is read off. */
  nodes: [500, 20_000],
  /** Lists of restarts that are rendered, for each law about what lands in a cluster. */
  render: [20, 60],
  /** Repositories for which the program plans a rotation, each step twice. */
  rotations: [0, 8],
} as const satisfies Readonly<Record<string, readonly [short: number, long: number]>>

const isLong = process.env['REROOT_LONG'] === '1'

export function casesOf(law: keyof typeof sizes): number {
  return sizes[law][isLong ? 1 : 0]
}

/** The parameters of fast-check for a law: how many cases, and where they begin if `REROOT_SEED` says. A failure names its seed. */
export function runsOf(law: keyof typeof sizes, times = 1): { readonly numRuns: number; readonly seed?: number } {
  const wish = process.env['REROOT_SEED']
  return { numRuns: times * casesOf(law), ...(wish === undefined ? {} : { seed: Number(wish) }) }
}

/** Where random cases begin: the same each time in `npm test`, elsewhere each time in the long suite, unless `REROOT_SEED` says. */
export function seedOf(short: number): number {
  const wish = process.env['REROOT_SEED']
  if (wish !== undefined) return Number(wish)
  return isLong ? Date.now() % 2 ** 31 : short
}

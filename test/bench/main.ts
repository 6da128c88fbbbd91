import { availableParallelism } from 'node:os'
import { discoveryFigures } from './discovery.ts'
import { isOver, table } from './figure.ts'
import type { Figure } from './figure.ts'
import { fleetFigures } from './fleet.ts'
import { keyFigures } from './keys.ts'
import { pullRequestFigures } from './pull-request.ts'
import { onPath } from '../support/tools.ts'

/**
 * Takes the figures of docs/quality.md, prints them beside their limits, and fails if one is over: `npm run bench`. A name takes one case:
 * `npm run bench -- discovery`.
 */
const cases: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'stage-50': () => pullRequestFigures(50, { seconds: 1, ratio: 1 }, 5),
  'stage-500': () => pullRequestFigures(500, { ratio: 0.5 }, 3),
  keys: () => keyFigures(33, 3),
  discovery: () => discoveryFigures({ few: 1000, many: 10_000 }, 3),
  fleet: () => fleetFigures(20, 500),
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => cases[name] === undefined)
if (unknown.length > 0) stop(`unknown: ${unknown.join(', ')}; expected ${Object.keys(cases).join(', ')}`)
if (!onPath('openssl', 'sops', 'yq')) stop('the script that reroot is compared with needs them')

console.log(`node ${process.version}, ${availableParallelism()} cores`)
const figures: Figure[] = []
for (const [name, take] of Object.entries(cases)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.error(`… ${name}`)
  figures.push(...(await take()))
}
console.log(table(figures))
process.exitCode = figures.some(isOver) ? 1 : 0

function stop(message: string): never {
  console.error(message)
  process.exit(2)
}

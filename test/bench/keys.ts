import { availableParallelism } from 'node:os'
import type { Figure } from './figure.ts'
import { alternate, timed } from './measure.ts'
import { house } from '../support/example.ts'
import { both } from './pull-request.ts'

/** The keys of a mesh of many clusters, beside as many `openssl genpkey` on all cores. How long a key takes is chance: many are made. */
export async function keyFigures(keys: number, rounds: number): Promise<readonly Figure[]> {
  const env = { PATH: process.env['PATH'] ?? '' }
  const make = `
    import { generateKeys } from './src/pki/index.ts'
    await generateKeys('rsa-4096', ${keys})`
  const cost = await alternate(rounds, {
    reroot: () =>
      timed([process.execPath, '--import', './scripts/typescript.js', '--input-type=module', '--eval', make], { cwd: house, env }),
    openssl: () =>
      timed(
        [
          'bash',
          '-c',
          `seq ${keys} | xargs -P ${availableParallelism()} -I{} openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out /dev/null`,
        ],
        { cwd: house, env },
      ),
  })
  return [
    {
      what: `${keys} RSA-4096 keys: of openssl’s time on ${availableParallelism()} cores`,
      value: cost.reroot.seconds / cost.openssl.seconds,
      limit: 1.2,
      unit: '×',
      from: `${both(cost.reroot)} against ${both(cost.openssl)}`,
    },
  ]
}

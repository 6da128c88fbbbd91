import { RerootError } from '../base/index.ts'
import type { Files } from '../ports.ts'
import { guardChange } from '../seal/index.ts'

/** Those of the files that the base does not hold already, byte for byte. */
export function differing(write: ReadonlyMap<string, Uint8Array>, base: Files): Map<string, Uint8Array> {
  return new Map(
    [...write].filter(([path, bytes]) => {
      const present = base.read(path)
      return present === null || Buffer.compare(present, bytes) !== 0
    }),
  )
}

/** The last look at every byte that is to be committed. @throws RerootError GUARD if a secret would stand in the clear. */
export function refuseSecrets(write: ReadonlyMap<string, Uint8Array>): void {
  const findings = guardChange(write)
  if (findings.length === 0) return
  throw new RerootError('GUARD', 'the change would put a secret in the clear; nothing was written', {
    hint: 'this is a fault of reroot or of a SOPS rule: see the findings',
    findings,
  })
}

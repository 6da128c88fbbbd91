import { expect } from 'vitest'
import type { RerootError } from '../../src/base/index.ts'
import { parseConfig } from '../../src/mesh/index.ts'
import { bytesOf, thrown } from '../support/mesh.ts'

export const file = 'mesh-ca/reroot.yaml'

/** What a text is refused for: `line: message`. */
export function problems(text: string): readonly string[] {
  const error = thrown(() => parseConfig(bytesOf(text), file)) as RerootError
  expect(error).toMatchObject({ name: 'RerootError', code: 'CONFIG_INVALID', exitCode: 2 })
  for (const { place, expected, remedy } of error.findings) {
    expect(place).toMatchObject({ file, line: expect.any(Number) as unknown })
    expect(remedy).not.toBe('')
    expect(expected).not.toBe('Invalid input')
  }
  return error.findings.map(({ place, message }) => `${place.line}: ${message}`)
}

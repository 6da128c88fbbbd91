/** A leaf by its SOPS type and the text that SOPS hashes and encrypts for it (`ToBytes` of sops.go). */
export interface Scalar {
  readonly type: 'str' | 'int' | 'float' | 'bool' | 'time'
  readonly text: string
}

export type PlainScalar = string | number | bigint | boolean

// SOPS reads integers with Go's `int`: outside of 64 bits it stops.
const smallestInteger = -(2n ** 63n)
const largestInteger = 2n ** 63n - 1n

/** @returns `null` if SOPS, or YAML, has no lossless form for the value. */
export function scalarOf(value: unknown): Scalar | null {
  switch (typeof value) {
    case 'string':
      return { type: 'str', text: value }
    case 'boolean':
      return boolScalar(value)
    case 'bigint':
      return intScalar(value)
    case 'number':
      if (Number.isSafeInteger(value)) return intScalar(BigInt(value))
      // An integer beyond 2^53 may have lost digits on its way here.
      return Number.isFinite(value) && !Number.isInteger(value) ? floatScalar(value) : null
    default:
      return null
  }
}

/** Booleans are title case: an inheritance from the first SOPS, which was written in Python. */
export function boolScalar(value: boolean): Scalar {
  return { type: 'bool', text: value ? 'True' : 'False' }
}

/** @returns `null` outside of 64 bits. */
export function intScalar(value: bigint): Scalar | null {
  return value < smallestInteger || value > largestInteger ? null : { type: 'int', text: value.toString() }
}

/** Go's `FormatFloat(value, 'f', -1, 64)`: the shortest digits that read back as the same number, never an exponent. */
export function floatScalar(value: number): Scalar {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(shortest(value)) ?? []
  const point = whole.length + Number(exponent)
  const digits = whole + fraction
  if (point <= 0) return { type: 'float', text: `${sign}0.${'0'.repeat(-point)}${digits}` }
  const rest = digits.slice(point)
  return { type: 'float', text: `${sign}${digits.slice(0, point).padEnd(point, '0')}${rest === '' ? '' : `.${rest}`}` }
}

/** The number of an integer's digits; a bigint where a number would lose some. */
export function integerScalar(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

function shortest(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

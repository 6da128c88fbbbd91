import type { Value } from '../value.ts'

/** A value as Go's fmt prints it with %v, of what JSON can hold; `null` if it is missing, or no plain value. */
export function printGo(value: Value): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return printNumber(Number(value))
  return typeof value === 'boolean' ? `${value}` : null
}

/** Numbers are float64 there, with an exponent from 1e+06 on and below 1e-04 (RUN with Go 1.25). */
function printNumber(value: number): string {
  const [digits = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (value === 0 || !Number.isFinite(value) || (exponent >= -4 && exponent < 6)) return String(value)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

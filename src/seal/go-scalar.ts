import { boolScalar, floatScalar, intScalar } from './scalar.ts'
import type { Scalar } from './scalar.ts'

/**
 * What Go's yaml.v3 takes a plain (unquoted, untagged) scalar for: `resolve` of resolve.go, which `sops` reads documents with.
 * It differs from what Kubernetes reads (`yes` is a text here) and from YAML 1.2 (`0777` and `1_000` are numbers here); the MAC
 * covers the values as Go reads them.
 * @returns `null` for null; `undefined` for what SOPS stops at: integers beyond 64 bits, infinities, not-a-number.
 */
export function resolvePlain(text: string): Scalar | null | undefined {
  if (/^(|~|null|Null|NULL)$/.test(text)) return null
  if (/^(true|True|TRUE|false|False|FALSE)$/.test(text)) return boolScalar(/^t/i.test(text))
  if (/^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/.test(text)) return undefined
  if (/^[-+\d.]/.test(text)) {
    const number = timestamp(text) ?? resolveNumber(text.replaceAll('_', ''), text)
    if (number !== null) return number
  }
  return { type: 'str', text }
}

/** @returns `null` if the text is no number; `undefined` if SOPS cannot hold it. */
function resolveNumber(text: string, written: string): Scalar | null | undefined {
  if (!written.startsWith('.')) {
    const integer = goInteger(text)
    if (integer !== null) return intScalar(integer) ?? undefined
  }
  if (!/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text)) return null
  // After a leading point, Go parses the text as it was written, with underscores.
  if (written.startsWith('.') && written.includes('_')) return null
  const value = Number(text)
  return Number.isFinite(value) ? floatScalar(value) : undefined
}

/** Go's `ParseInt(text, 0, 64)`, and the octal and binary forms that yaml.v3 adds. */
function goInteger(text: string): bigint | null {
  const [, sign = '', digits = ''] = /^([-+]?)(\S+)$/.exec(text) ?? []
  const form = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0|[1-9]\d*)$/.test(digits)
    ? digits
    : /^0[0-7]+$/.test(digits)
      ? `0o${digits.slice(1)}`
      : null
  if (form === null) return null
  return sign === '-' ? -BigInt(form) : BigInt(form)
}

// parseTimestamp of resolve.go: four digits and a hyphen first; then one of four forms, with short fields.
const date =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[+-]\d{2}:\d{2}))|(?: +(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?))?$/

/** @returns `null` if the text is no timestamp. Its text is Go's RFC 3339 form. */
function timestamp(text: string): Scalar | null {
  const match = date.exec(text)
  if (match === null) return null
  const [, year = '', month = '', day = '', ...rest] = match
  const [hour = '0', minute = '0', second = '0', fraction = ''] = rest[0] === undefined ? rest.slice(5) : rest
  const zone = rest[4] ?? 'Z'
  const two = (part: string): string => part.padStart(2, '0')
  const clock = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`
  const moment = new Date(`${clock}Z`)
  if (Number.isNaN(moment.getTime()) || !moment.toISOString().startsWith(clock)) return null
  const digits = fraction.slice(0, 10).replace(/\.?0*$/, '')
  return { type: 'time', text: `${clock}${digits}${/^[+-]00:00$/.test(zone) ? 'Z' : zone}` }
}

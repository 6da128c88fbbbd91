/** Milliseconds by unit. */
type Units = Readonly<Record<string, number>>

const second = 1000
const hour = 3600 * second
const goUnits: Units = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: second, m: 60 * second, h: hour }
// Of duration-str, which ztunnel reads its environment with (src/config.rs): a number alone is seconds.
const ztunnelUnits: Units = { ...goUnits, '': second, d: 24 * hour, w: 7 * 24 * hour, y: 365 * 24 * hour }

export type DurationReader = 'go' | 'ztunnel'

// Nobody writes a longer one.
const longest = 100
// An int64 of nanoseconds; what is longer is none for Go.
const mostOfGo = 2 ** 63 / 1e6

/** Hours of a duration such as `720h` or `1h30m`, as Go's time.ParseDuration or ztunnel reads it; `null` if it is none. */
export function durationHours(text: string, reader: DurationReader): number | null {
  const units = reader === 'go' ? goUnits : ztunnelUnits
  const sign = text.startsWith('-') ? -1 : 1
  const rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0
  if (rest === '' || rest.length > longest) return null
  const part = /(\d+(?:\.\d*)?|\.\d+)([a-zµμ]*)/y
  let milliseconds = 0
  while (part.lastIndex < rest.length) {
    const [, count, unit = ''] = part.exec(rest) ?? []
    const each = Object.hasOwn(units, unit) ? units[unit] : undefined
    if (count === undefined || each === undefined) return null
    milliseconds += Number(count) * each
  }
  if (reader === 'go' && milliseconds >= mostOfGo) return null
  return (sign * milliseconds) / hour
}

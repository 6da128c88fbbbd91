import { expect, test } from 'vitest'
import { durationHours } from '../../src/workloads/duration.ts'

test.each<[string, number | null]>([
  ['720h', 720],
  ['1h30m', 1.5],
  ['90m', 1.5],
  ['36h0m0s', 36],
  ['1.5h', 1.5],
  ['.5h', 0.5],
  ['1.h', 1],
  ['+2h', 2],
  ['-2h', -2],
  ['0', 0],
  ['3600000ms', 1],
  ['3600000000µs', 1],
  ['3600000000μs', 1],
  ['3600000000us', 1],
  ['3600000000000ns', 1],
  ['', null],
  ['h', null],
  ['24', null],
  ['7d', null],
  ['1w', null],
  ['1h 30m', null],
  ['24h,', null],
  ['24H', null],
  ['${TTL}', null],
  ['{{ .Values.ttl }}', null],
  ['1toString', null],
  [`${'0'.repeat(1000)}1h`, null],
  ['2562047h', 2562047],
  ['2562047h47m17s', null],
  ['999999999h', null],
  ['-999999999h', null],
  ['2000000h2000000h', null],
])('Go reads %s as %s hours', (text, hours) => {
  expect(durationHours(text, 'go')).toBe(hours)
})

test.each<[string, number | null]>([
  ['30d', 720],
  ['1w', 168],
  ['1d12h', 36],
  ['86400', 24],
  ['24h', 24],
  ['${TTL}', null],
])('ztunnel reads %s as %s hours', (text, hours) => {
  expect(durationHours(text, 'ztunnel')).toBe(hours)
})

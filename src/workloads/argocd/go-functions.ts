import type { Value } from '../value.ts'
import { asMap } from '../value.ts'
import { longestText } from './long-texts.ts'
import { printGo } from './go-print.ts'
import { normalName } from './names.ts'

/** Calls a function of Go templates or sprig that only picks or changes texts. @returns `null` if it is not known here, or not with such arguments. */
export function callFunction(name: string, args: readonly Value[]): { readonly value: Value } | null {
  if (name === 'index') return index(args)
  if (name === 'default') return args.length === 2 ? { value: isEmpty(args[1]) ? args[0] : args[1] } : null
  const known = Object.hasOwn(texts, name) ? texts[name] : undefined
  const printed = args.map(printGo)
  if (known === undefined || args.length !== known.arguments || printed.some((text) => text === null)) return null
  return { value: known.call(...printed.map((text) => text ?? '')) }
}

interface TextFunction {
  readonly arguments: number
  call(...args: readonly string[]): string
}

const unary = (change: (text: string) => string): TextFunction => ({ arguments: 1, call: (text = '') => change(text) })

// sprig v3, strings.go and functions.go; normalize is ApplicationSets' own.
const texts: Readonly<Record<string, TextFunction>> = {
  lower: unary((text) => text.toLowerCase()),
  upper: unary((text) => text.toUpperCase()),
  trim: unary((text) => text.trim()),
  normalize: unary(normalName),
  quote: unary((text) => JSON.stringify(text)),
  squote: unary((text) => `'${text}'`),
  toString: unary((text) => text),
  print: unary((text) => text),
  trimPrefix: { arguments: 2, call: (prefix = '', text = '') => (text.startsWith(prefix) ? text.slice(prefix.length) : text) },
  trimSuffix: {
    arguments: 2,
    call: (suffix = '', text = '') => (suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text),
  },
  replace: { arguments: 3, call: replace },
  trunc: {
    arguments: 2,
    call: (length = '0', text = '') => (Number(length) < 0 ? text.slice(Number(length)) : text.slice(0, Number(length))),
  },
}

/** What gets too long is cut behind that: JavaScript has no texts of any length. */
function replace(before = '', after = '', text = ''): string {
  if (text.length * after.length <= longestText) return text.replaceAll(before, () => after)
  const most = Math.ceil(longestText / after.length) + 1
  const parts = text.split(before, most + 1)
  return parts.length <= most ? text.replaceAll(before, () => after) : parts.join(after)
}

/** `index` of lists by number and of maps by key, one after the other. */
function index([value, ...keys]: readonly Value[]): { readonly value: Value } | null {
  let at: Value = value
  for (const key of keys) {
    if (Array.isArray(at)) at = typeof key === 'number' ? (at as readonly Value[])[key] : undefined
    else {
      const map = asMap(at)
      at = map !== null && typeof key === 'string' && Object.hasOwn(map, key) ? map[key] : undefined
    }
    if (at === undefined) return { value: undefined }
  }
  return { value: at }
}

/** sprig's `empty`. */
function isEmpty(value: Value): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  const map = asMap(value)
  return map !== null && Object.keys(map).length === 0
}

import type { Value } from '../value.ts'
import { asMap } from '../value.ts'
import { callFunction } from './go-functions.ts'
import { printGo } from './go-print.ts'
import type { Parameters, Rendered } from './template.ts'

/**
 * Fills in a Go template (text/template with sprig, as ApplicationSets have it), as far as it only looks up parameters and changes texts.
 * Conditions, loops, variables and other functions are a problem: what they make is not guessed.
 */
export function renderGoTemplate(text: string, parameters: Parameters): Rendered {
  let out = ''
  let at = 0
  let trimNext = false
  for (const match of text.matchAll(action)) {
    const literal = text.slice(at, match.index)
    out += trimmed(literal, trimNext, match[1] !== undefined)
    const evaluated = evaluateAction(match[2] ?? '', parameters)
    if ('problem' in evaluated) return { problem: `${match[0]}: ${evaluated.problem}` }
    out += evaluated.text
    at = match.index + match[0].length
    trimNext = match[3] !== undefined
  }
  const rest = text.slice(at)
  if (rest.includes('{{')) return { problem: `${rest.trim()}: an action that is not closed` }
  return { text: out + trimmed(rest, trimNext, false) }
}

// Braces inside quotes and comments do not end an action. Each character fits one alternative only, so that no text takes long.
const action = /\{\{(-(?=\s))?((?:"(?:\\.|[^"\\])*"|`[^`]*`|\/\*(?:[^*]|\*(?!\/))*\*\/|(?!-?\}\}|\/\*)[^"`])*?)(\s-)?\}\}/g

function trimmed(text: string, start: boolean, end: boolean): string {
  const left = start ? text.trimStart() : text
  return end ? left.trimEnd() : left
}

/** Something that cannot be evaluated here; caught where an action begins. */
class Unreadable extends Error {}

function evaluateAction(source: string, parameters: Parameters): Rendered {
  const text = source.trim()
  if (text.startsWith('/*')) return { text: '' }
  try {
    const reader = new Reader(text, parameters)
    const value = reader.pipeline()
    reader.end()
    const printed = printGo(value)
    return printed === null ? { problem: value === undefined || value === null ? 'no such parameter' : 'not a text' } : { text: printed }
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message }
    throw error
  }
}

const token =
  /\s*(?:("(?:\\.|[^"\\])*")|(`[^`]*`)|(-?\d+(?:\.\d+)?)(?![\w.])|(\$?(?:\.[A-Za-z_]\w*)+|\$|\.(?![\w]))|([A-Za-z_]\w*)|([|()]))/y

interface Token {
  readonly kind: 'text' | 'number' | 'field' | 'word' | 'mark'
  readonly text: string
}

/** Reads one action from left to right, and evaluates it on the way. */
class Reader {
  readonly #tokens: readonly Token[]
  readonly #parameters: Parameters
  #at = 0

  constructor(text: string, parameters: Parameters) {
    this.#tokens = tokensOf(text)
    this.#parameters = parameters
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new Unreadable(`${this.#tokens[this.#at]?.text ?? ''} is not understood here`)
  }

  /** Commands between bars; the value of each is the last argument of the next. */
  pipeline(): Value {
    let value = this.#command([])
    while (this.#peek()?.text === '|' && this.#peek()?.kind === 'mark') {
      this.#at += 1
      value = this.#command([value])
    }
    return value
  }

  #command(piped: readonly Value[]): Value {
    const first = this.#peek()
    if (first?.kind === 'word' && !literals.has(first.text)) {
      this.#at += 1
      const outcome = callFunction(first.text, [...this.#operands(), ...piped])
      if (outcome === null) throw new Unreadable(`reroot does not know ${first.text}, or not in this way`)
      return outcome.value
    }
    const values = this.#operands()
    const [value] = values
    if (values.length !== 1 || piped.length > 0) throw new Unreadable('a value is not a function')
    return value
  }

  #operands(): readonly Value[] {
    const values: Value[] = []
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next.kind === 'mark' && next.text !== '(') break
      values.push(this.#operand())
    }
    return values
  }

  #operand(): Value {
    const next = this.#peek()
    this.#at += 1
    switch (next?.kind) {
      case 'text':
        return next.text
      case 'number':
        return Number(next.text)
      case 'field':
        return lookUp(this.#parameters, next.text.replace(/^\$/, '').split('.').slice(1))
      case 'mark': {
        const value = this.pipeline()
        if (this.#peek()?.text !== ')') throw new Unreadable('a parenthesis is not closed')
        this.#at += 1
        const field = this.#peek()
        if (field?.kind !== 'field' || !field.text.startsWith('.')) return value
        throw new Unreadable(`${field.text} of a value in parentheses`)
      }
      case 'word':
        if (literals.has(next.text)) return literals.get(next.text)
        // A function without arguments between others: none of those that are known.
        throw new Unreadable(`reroot does not know ${next.text} here`)
      default:
        throw new Unreadable('nothing to evaluate')
    }
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }
}

const literals = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['nil', null],
])

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length && text.slice(token.lastIndex).trim() !== '') {
    const start = token.lastIndex
    const match = token.exec(text)
    if (match === null) throw new Unreadable(`${text.slice(start).trim()} is not understood`)
    const [, quoted, raw, number, field, word, mark] = match
    if (quoted !== undefined) tokens.push({ kind: 'text', text: unquoted(quoted) })
    else if (raw !== undefined) tokens.push({ kind: 'text', text: raw.slice(1, -1) })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (field !== undefined) tokens.push({ kind: 'field', text: field })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else tokens.push({ kind: 'mark', text: mark ?? '' })
  }
  return tokens
}

function unquoted(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    throw new Unreadable(`${quoted} is not understood`)
  }
}

function lookUp(parameters: Parameters, path: readonly string[]): Value {
  let at: Value = parameters
  for (const key of path.filter((part) => part !== '')) {
    const map = asMap(at)
    at = map !== null && Object.hasOwn(map, key) ? map[key] : undefined
  }
  return at
}

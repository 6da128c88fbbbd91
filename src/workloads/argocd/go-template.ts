import type { Value } from '../value.ts'
import { asMap } from '../value.ts'
import { actionAt } from './go-actions.ts'
import { callFunction } from './go-functions.ts'
import { printGo } from './go-print.ts'
import { longestText, tooLong } from './long-texts.ts'
import type { Parameters, Rendered } from './template.ts'

/**
 * Fills in a Go template (text/template with sprig, as ApplicationSets have it), as far as it only looks up parameters and changes texts.
 * Conditions, loops, variables and other functions are a problem: what they make is not guessed.
 */
export function renderGoTemplate(text: string, parameters: Parameters): Rendered {
  let out = ''
  let at = 0
  let trimNext = false
  const work = { left: 2 * longestText }
  for (let start = text.indexOf('{{'); start >= 0; start = text.indexOf('{{', at)) {
    const action = actionAt(text, start)
    // The first that is not closed is the end: to try each behind it would read the rest once for each.
    if (action === null) return { problem: `${text.slice(at).trim()}: an action that is not closed` }
    out += trimmed(text.slice(at, start), trimNext, action.trimsLeft)
    const evaluated = evaluateAction(action.source, parameters, work)
    if ('problem' in evaluated) return { problem: `${text.slice(start, action.end)}: ${evaluated.problem}` }
    out += evaluated.text
    if (out.length > longestText) return { problem: tooLong }
    at = action.end
    trimNext = action.trimsRight
  }
  return { text: out + trimmed(text.slice(at), trimNext, false) }
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const left = start ? text.trimStart() : text
  return end ? left.trimEnd() : left
}

/** How many more characters functions may make, in all actions of a text. */
interface Work {
  left: number
}

/** Something that cannot be evaluated here; caught where an action begins. */
class Unreadable extends Error {}

function evaluateAction(source: string, parameters: Parameters, work: Work): Rendered {
  const text = source.trim()
  if (text.startsWith('/*')) return { text: '' }
  try {
    const reader = new Reader(text, parameters, work)
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
  readonly #work: Work
  #at = 0
  #depth = 0

  constructor(text: string, parameters: Parameters, work: Work) {
    this.#tokens = tokensOf(text)
    this.#parameters = parameters
    this.#work = work
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
      if (typeof outcome.value === 'string') this.#work.left -= outcome.value.length
      if (this.#work.left < 0) throw new Unreadable(tooLong)
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
        this.#depth += 1
        if (this.#depth > deepest) throw new Unreadable(`more than ${deepest} parentheses inside each other`)
        const value = this.pipeline()
        this.#depth -= 1
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

// Each is a call in the one before.
const deepest = 100

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

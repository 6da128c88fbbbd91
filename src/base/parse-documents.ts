import { Composer, Lexer, LineCounter, Parser } from 'yaml'
import type { Document } from 'yaml'
import { addDuplicateKeys } from './duplicate-keys.ts'

export interface ParsedDocuments {
  readonly documents: readonly Document.Parsed[]
  /** There were so many errors that the rest was not read, or not told. */
  readonly isBrokenOff: boolean
  /** Line (from 1) of an offset into the text. */
  lineAt(offset: number): number
}

/** A text that holds more of something than anybody writes. */
export class TooMuchError extends Error {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.name = 'TooMuchError'
    this.line = line
  }
}

// The package composes level by level, each a call in the one before. Where the stack ends in the middle of that, Node does not throw: it is gone
// (`RegExpCompiler Allocation failed`). Go's reader draws its line at 10,000.
const deepestNesting = 1000

/** How many documents a file may have, counted by the lines that begin or end one. Each takes kilobytes. */
export const mostDocuments = 100_000

// A text that is no YAML at all has one for every character, each with a stack of calls in it.
const mostErrors = 1000

/**
 * The documents of a YAML text, node by node, with the errors that each has.
 * @throws TooMuchError before anything is composed from what is too much.
 */
export function parseDocuments(text: string, options: object): ParsedDocuments {
  const lines = new LineCounter()
  const lineAt = (offset: number): number => lines.linePos(offset).line
  refuseManyDocuments(text)
  const composer = new Composer({ ...options, uniqueKeys: false })
  const errors = limitErrors(composer)
  const documents: Document.Parsed[] = []
  for (const token of tokensOf(text, lines)) {
    if (token.type === 'error') errors.count++
    if (errors.count > mostErrors) break
    documents.push(...(composer.next(token) as Iterable<Document.Parsed>))
  }
  // Errors before the first document have none to be told with.
  const isBrokenOff = errors.count > mostErrors
  documents.push(...(composer.end(isBrokenOff, text.length) as Iterable<Document.Parsed>))
  for (const document of documents) addDuplicateKeys(document, mostErrors)
  return { documents, isBrokenOff, lineAt }
}

/** Counts the errors of a composer; those that are too many, and warnings, which nobody reads, are not made. */
function limitErrors(composer: Composer): { count: number } {
  const counted = { count: 0 }
  // The package has no option for it. Of a list with an error in each item, all of them would come of one token.
  const { onError } = composer as unknown as { readonly onError: OnError }
  const limited: OnError = (source, code, message, isWarning) => {
    if (isWarning === true) return
    counted.count++
    if (counted.count <= mostErrors) onError(source, code, message)
  }
  Object.assign(composer, { onError: limited })
  return counted
}

type OnError = (source: unknown, code: string, message: string, isWarning?: boolean) => void

function refuseManyDocuments(text: string): void {
  let count = 0
  for (const { index } of text.matchAll(/^(?:---|\.\.\.)/gm)) {
    if (++count <= mostDocuments) continue
    throw new TooMuchError(`the file holds more than ${mostDocuments} documents`, text.slice(0, index).split('\n').length)
  }
}

function* tokensOf(text: string, lines: LineCounter): ReturnType<Parser['parse']> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    if (parser.stack.length > deepestNesting)
      throw new TooMuchError(`maps and lists are nested more than ${deepestNesting} deep`, lines.linePos(parser.offset).line)
  }
  yield* parser.end()
}

import { Composer, Lexer, LineCounter, Parser } from 'yaml'
import type { Document } from 'yaml'

export interface ParsedDocuments {
  readonly documents: readonly Document.Parsed[]
  /** Line (from 1) of an offset into the text. */
  lineAt(offset: number): number
}

/** A text that nests deeper than anybody writes. */
export class TooDeepError extends Error {
  readonly line: number

  constructor(line: number) {
    super(`maps and lists are nested more than ${deepestNesting} deep`)
    this.name = 'TooDeepError'
    this.line = line
  }
}

// The package composes level by level, each a call in the one before. Where the stack ends in the middle of that, Node does not throw: it is gone
// (`RegExpCompiler Allocation failed`). Go's reader draws its line at 10,000.
const deepestNesting = 1000

/**
 * The documents of a YAML text, node by node, with the errors that each has.
 * @throws TooDeepError before anything is composed from it.
 */
export function parseDocuments(text: string, options: object): ParsedDocuments {
  const lines = new LineCounter()
  const lineAt = (offset: number): number => lines.linePos(offset).line
  const composer = new Composer(options)
  return { documents: [...composer.compose(tokensOf(text, lines))] as readonly Document.Parsed[], lineAt }
}

function* tokensOf(text: string, lines: LineCounter): ReturnType<Parser['parse']> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    if (parser.stack.length > deepestNesting) throw new TooDeepError(lines.linePos(parser.offset).line)
  }
  yield* parser.end()
}

import { parseYamlFile, RerootError, sameValue } from '../../base/index.ts'
import type { YamlDocument } from '../../base/index.ts'
import { applySplices } from './splice.ts'
import type { Splice } from './splice.ts'

/** A user's file that is about to be edited. */
export interface Source {
  readonly bytes: Uint8Array
  readonly file: string
  readonly text: string
  readonly documents: readonly YamlDocument[]
  /** The line break that the file uses. */
  readonly lineBreak: '\n' | '\r\n'
  /** What a person would do by hand; the hint of every refusal. */
  readonly byHand: string
}

/** @throws RerootError FILE_INVALID if it is not valid YAML (a Helm template, for example). */
export function openSource(bytes: Uint8Array, file: string, byHand: string): Source {
  const { text, documents, findings } = parseYamlFile(bytes, file)
  const [first] = findings
  if (first !== undefined) {
    const at = first.place.line === undefined ? file : `${file}:${first.place.line}`
    throw new RerootError('FILE_INVALID', `${at}: cannot edit the file: ${first.message}`, { hint: byHand, findings })
  }
  return { bytes, file, text, documents, lineBreak: /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n', byHand }
}

/** The only document of a file. @returns `null` if the file holds nothing but comments. */
export function onlyDocument(source: Source): YamlDocument | null {
  const [first, second] = source.documents
  if (second !== undefined)
    refuseAt(source, lineAt(source, second.nodeAt([])?.range[0] ?? 0), 'the file holds several documents, and one was expected')
  return first ?? null
}

/** @throws RerootError FILE_INVALID: this place cannot be edited safely, and here is what to do. */
export function refuseAt(source: Source, line: number, message: string): never {
  throw new RerootError('FILE_INVALID', `${source.file}:${line}: ${message}`, { hint: source.byHand })
}

/** Line, from 1, of an offset. */
export function lineAt(source: Source, offset: number): number {
  return source.text.slice(0, offset).split('\n').length
}

/** Column, from 0, of an offset. */
export function columnAt(source: Source, offset: number): number {
  const before = source.text.slice(0, offset)
  const column = offset - (before.lastIndexOf('\n') + 1)
  return before.startsWith('\uFEFF') && !before.includes('\n') ? column - 1 : column
}

/** Offset of the end of the line that holds `offset`: where its line break, or the end of the file, is. */
export function lineEnd(source: Source, offset: number): number {
  const next = source.text.indexOf('\n', offset)
  if (next === -1) return source.text.length
  return source.text[next - 1] === '\r' && next > offset ? next - 1 : next
}

/**
 * The splices, after they have been tried: the result must be read as the intended values, document by document, and every other
 * value must be what it was. So an anchor, an alias, or a template that was overlooked cannot do harm.
 */
export function verified(source: Source, splices: readonly Splice[], intended: readonly unknown[]): readonly Splice[] {
  const result = parseYamlFile(applySplices(source.bytes, splices), source.file)
  const values = result.documents.map(({ value }) => value)
  if (result.findings.length === 0 && sameValue(values, intended)) return splices
  const line = lineAt(source, Math.min(...splices.map(({ offset }) => offset)))
  return refuseAt(source, line, 'an edit here would change something else as well (an anchor, an alias, a merge key, or a template)')
}

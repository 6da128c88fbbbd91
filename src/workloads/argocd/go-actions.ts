/** What stands in double braces. */
export interface Action {
  readonly source: string
  readonly trimsLeft: boolean
  readonly trimsRight: boolean
  /** Behind its braces. */
  readonly end: number
}

/** The action that begins at some braces, with or without trim markers; `null` if it has no end. Braces inside quotes and comments do not end it. */
export function actionAt(text: string, start: number): Action | null {
  const trimsLeft = /^-\s$/.test(text.slice(start + 2, start + 4))
  const from = start + (trimsLeft ? 3 : 2)
  for (let at = from; ;) {
    mark.lastIndex = at
    const found = mark.exec(text)
    if (found === null) return null
    if (found[0] === '}}') {
      const end = found.index
      const trimsRight = text[end - 1] === '-' && end - 1 >= from
      if (!trimsRight) return { source: text.slice(from, end), trimsLeft, trimsRight, end: end + 2 }
      // A minus belongs to the braces only behind a space; without one Go does not read it.
      if (end - 2 < from || !/\s/.test(text[end - 2] ?? '')) return null
      return { source: text.slice(from, end - 2), trimsLeft, trimsRight, end: end + 2 }
    }
    const behind = behindQuoted(text, found.index, found[0])
    if (behind === null) return null
    at = behind
  }
}

const mark = /\}\}|"|`|\/\*/g
const quoteEnd = /["\\]/g

/** Where what is quoted, or a comment, ends; `null` if it does not. */
function behindQuoted(text: string, start: number, opening: string): number | null {
  if (opening !== '"') {
    const closing = opening === '`' ? '`' : '*/'
    const end = text.indexOf(closing, start + opening.length)
    return end < 0 ? null : end + closing.length
  }
  for (quoteEnd.lastIndex = start + 1; ;) {
    const found = quoteEnd.exec(text)
    if (found === null) return null
    if (found[0] === '"') return found.index + 1
    if (/^[\n\r\u2028\u2029]?$/.test(text[found.index + 1] ?? '')) return null
    quoteEnd.lastIndex = found.index + 2
  }
}

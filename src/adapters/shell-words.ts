/**
 * Splits a command as google/shlex (`scanStream` of shlex.go, e7afc7f) does, which sops uses: with quotes and comments, without expansions. In
 * double quotes a backslash goes before any character, not only before those that a shell looks at.
 * @throws SyntaxError for what it refuses. Nothing of the command is in it.
 */
export function shellWords(command: string): readonly string[] {
  const words: string[] = []
  let word: string | null = null
  let at = 0
  while (at < command.length) {
    if (word === null) at += /^([ \t\r\n]+|#[^\n]*)*/.exec(command.slice(at))?.[0].length ?? 0
    piece.lastIndex = at
    const match = piece.exec(command)
    if (match === null) {
      if (at === command.length) break
      throw new SyntaxError(faults[command[at] ?? ''] ?? 'it cannot be read')
    }
    const [whole, single, double, escaped, plain] = match
    at += whole.length
    const text: string | undefined = single ?? double?.replaceAll(/\\(.)/gs, '$1') ?? escaped ?? plain
    if (text !== undefined) word = (word ?? '') + text
    else if (word !== null) words.push(word)
    if (text === undefined) word = null
  }
  return word === null ? words : [...words, word]
}

// In quotes of either kind, behind a backslash, plain, or the space that ends a word.
const piece = /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^'"\\ \t\r\n]+)|[ \t\r\n]/suy

const faults: Readonly<Record<string, string>> = {
  "'": 'a quote in the command is not closed',
  '"': 'a quote in the command is not closed',
  '\\': 'nothing follows the backslash at the end of the command',
}

/**
 * The text with blanks for all that is not on the way to `path` in one document: what is left stands where it was, and takes the parser a fraction
 * of the time. Only for a document that `readSimpleYaml` has read: there the entries of a block map are the lines of one indentation, and
 * whatever belongs to an entry is indented more, or begins with a dash.
 * @param start offset of the document's first key.
 * @param path keys of maps, from the document's root. The entries of the maps on the way stay, but only those on the way keep what they hold.
 */
export function alongPath(text: string, start: number, path: readonly string[]): string {
  const kept = [blank(text.slice(0, start))]
  /** The indentation of each map on the way, as far as it is found. */
  const columns = [0]
  /** How many keys of the path stand above the line. */
  let found = 0
  for (const line of text.slice(start).split(/^/m)) {
    if (/^---(?:[ \n]|$)/.test(line)) break
    const column = line.search(/[^ ]/)
    const first = line[column]
    const isEntry = first !== '-' && first !== '#' && first !== '\n'
    // What stands below the key that was found: a map to go into, or a list, of which a dash is left.
    const isBelow = columns.length === found
    if (isBelow && first === '-') {
      columns.push(Number.POSITIVE_INFINITY)
      kept.push(line.slice(0, column + 1) + blank(line.slice(column + 1)))
      continue
    }
    if (isBelow && isEntry && column > (columns[found - 1] ?? 0)) columns.push(column)
    const depth = isEntry ? columns.indexOf(column) : -1
    if (depth !== -1) {
      columns.length = depth + 1
      found = isKey(line.slice(column), path[depth]) ? depth + 1 : depth
    }
    kept.push(depth === -1 ? blank(line) : line)
  }
  return kept.join('')
}

function isKey(line: string, key: string | undefined): boolean {
  return key !== undefined && [key, `"${key}"`, `'${key}'`].some((written) => line.startsWith(`${written}:`))
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

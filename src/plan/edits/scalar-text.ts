import { Scalar } from 'yaml'

/** How a string is quoted. */
export type Quoting = 'plain' | 'single' | 'double'

const plainText = /^(\.{1,2}\/)*[A-Za-z_][A-Za-z0-9_./-]*$|^\.{1,2}(\/\.{2})*$/
// The last alternative: some readers take `e1` for a number in YAML 1.1.
const yamlWord = /^(y|n|yes|no|on|off|true|false|null|nan|inf|e[0-9_]+)$/i

/** A string as YAML on one line: in the wanted quotes where these are enough for every reader, else in double ones. */
export function scalarText(value: string, quoting: Quoting): string {
  if (quoting === 'plain' && plainText.test(value) && !yamlWord.test(value)) return value
  if (quoting === 'single' && /^[\x20-\x7e]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The habit that a parsed node shows. */
export function quotingOf(node: unknown): Quoting {
  if (!(node instanceof Scalar)) return 'plain'
  if (node.type === Scalar.QUOTE_DOUBLE) return 'double'
  return node.type === Scalar.QUOTE_SINGLE ? 'single' : 'plain'
}

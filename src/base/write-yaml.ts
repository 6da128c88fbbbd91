const plainString = /^[A-Za-z][A-Za-z0-9_./-]*$/
const yamlWord = /^(y|n|yes|no|on|off|true|false|null|nan|inf|e-?[0-9_]+)$/i
// Go's YAML reader takes these unescaped for line breaks or drops them.
const needsEscape = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g
const literalSafe = /^[\x20-\x7e\n\u00a0-\u2027\u202a-\ud7ff]*$/

/**
 * Writes a value as YAML that every reader of the field (YAML 1.1 and 1.2, Go and JavaScript) takes for the same value: a string
 * is plain only where nothing could take it for something else, a text of several lines is a literal block, and all else is
 * double-quoted (facts: SOPS reads back what was hashed only under this rule). Keys keep their order; the layout is that of the package `yaml`.
 * @param comment text for the head of the file, without `#`.
 */
export function writeYaml(value: unknown, { comment, indent = 2 }: { readonly comment?: string; readonly indent?: number } = {}): string {
  const text = block(value, '', ' '.repeat(indent)) ?? inline(value, null)
  const escaped = `${text}\n`.replace(needsEscape, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const lines = comment === undefined ? [] : comment.split('\n').map((line) => `${`# ${line}`.trimEnd()}\n`)
  return lines.join('') + escaped
}

/** The entries of a map, in their order; `null` for all else. Like JSON, it leaves out what is `undefined`. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const entries: Iterable<readonly [string, unknown]> =
    value instanceof Map ? (value as ReadonlyMap<string, unknown>) : Object.entries(value)
  return [...entries].filter(([, entry]) => entry !== undefined)
}

/**
 * The lines of a map or a list.
 * @param at what all but the first are indented by.
 * @param step how much deeper a map's values are.
 * @returns `null` for what stands on its key's line.
 */
function block(value: unknown, at: string, step: string): string | null {
  if (Array.isArray(value)) {
    const inner = `${at}  `
    const items = value.map((item: unknown) => `- ${block(item, inner, step) ?? inline(item, inner)}`)
    return items.length === 0 ? null : items.join(`\n${at}`)
  }
  const inner = at + step
  const lines = entriesOf(value)?.map(([key, entry]) => {
    const below = block(entry, inner, step)
    return `${scalar(key, null)}:${below === null ? ` ${inline(entry, inner)}` : `\n${inner}${below}`}`
  })
  return lines === undefined || lines.length === 0 ? null : lines.join(`\n${at}`)
}

/** @param indent of a literal block's lines; `null`: there can be none. */
function inline(value: unknown, indent: string | null): string {
  if (typeof value === 'string') return scalar(value, indent)
  if (typeof value === 'number') return number(value)
  if (typeof value === 'bigint') return String(value)
  return entriesOf(value) === null ? JSON.stringify(value ?? null) : '{}'
}

function number(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value < 0 ? '-.inf' : '.inf'
  return Object.is(value, -0) ? '-0' : String(value)
}

function scalar(text: string, indent: string | null): string {
  if (plainString.test(text) && !yamlWord.test(text)) return text
  if (indent !== null && text.endsWith('\n') && !/^\s|\n\n$|[ \t]\n/.test(text) && literalSafe.test(text))
    return `|\n${indent}${text.slice(0, -1).replace(/\n+/g, `$&${indent}`)}`
  return JSON.stringify(text)
}

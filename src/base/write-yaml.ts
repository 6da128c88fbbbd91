import { Document, Scalar, stringify, visit } from 'yaml'

const plainString = /^[A-Za-z][A-Za-z0-9_./-]*$/
const yamlWord = /^(y|n|yes|no|on|off|true|false|null|nan|inf|e-?[0-9_]+)$/i
// Go's YAML reader takes these unescaped for line breaks or drops them.
const needsEscape = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g
const literalSafe = /^[\x20-\x7e\n\u00a0-\u2027\u202a-\ud7ff]*$/

/**
 * Writes a value as YAML that every reader of the field (YAML 1.1 and 1.2, Go and JavaScript) takes for the same value: a string
 * is plain only where nothing could take it for something else, a text of several lines is a literal block, and all else is
 * double-quoted (facts: SOPS reads back what was hashed only under this rule). Keys keep their order.
 * @param comment text for the head of the file, without `#`.
 */
export function writeYaml(value: unknown, options: { readonly comment?: string; readonly indent?: number } = {}): string {
  const document = new Document(value, { version: '1.2', aliasDuplicateObjects: false } as never)
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== 'string') return
      node.type = scalarStyle(node.value, key === 'key')
    },
  })
  const text = stringify(document, {
    indent: options.indent ?? 2,
    lineWidth: 0,
    doubleQuotedAsJSON: true,
    blockQuote: 'literal',
    flowCollectionPadding: true,
  })
  const escaped = text.replace(needsEscape, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const head =
    options.comment === undefined
      ? ''
      : `${options.comment
          .split('\n')
          .map((line) => `# ${line}`.trimEnd())
          .join('\n')}\n`
  return head + escaped
}

function scalarStyle(text: string, isKey: boolean): Scalar.Type {
  if (plainString.test(text) && !yamlWord.test(text)) return Scalar.PLAIN
  if (!isKey && text.endsWith('\n') && !/^\s|\n\n$|[ \t]\n/.test(text) && literalSafe.test(text)) return Scalar.BLOCK_LITERAL
  return Scalar.QUOTE_DOUBLE
}

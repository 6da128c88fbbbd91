import type { Place } from '../base/index.ts'

/** Long lists are folded away; what has at most `open` lines stays. */
export function fold(title: string, text: string, open: number): string {
  return text.split('\n').length <= open ? text : `<details><summary>${title}</summary>\n\n${text}\n\n</details>`
}

/**
 * Shell commands to copy, behind what they are expected to print or do. That never stands in the block itself: zsh, the shell of every Mac, takes `#` in
 * an interactive line for an argument.
 */
export function commands(expectation: string, lines: readonly string[]): string {
  return `${expectation}\n\`\`\`sh\n${lines.join('\n')}\n\`\`\``
}

/** A word of a shell command, quoted where it needs that. */
export function shellWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Where a finding is, before what it says: `` `apps/kafka.yaml:12`, Kafka streaming/events: ``; empty if it is nowhere. */
export function placeText({ file, line, object }: Place): string {
  const parts = [
    ...(file === undefined ? [] : [`\`${file}${line === undefined ? '' : `:${line}`}\``]),
    ...(object === undefined ? [] : [words(object)]),
  ]
  return parts.length === 0 ? '' : `${parts.join(', ')}: `
}

/** Words of people and names of other people's manifests, on one line and without any effect on the text around them. */
export function words(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[|<>`]/g, (character) => (character === '|' ? '\\|' : character === '`' ? "'" : character === '<' ? '&lt;' : '&gt;'))
}

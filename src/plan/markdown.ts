/** Long lists are folded away; what has at most `open` lines stays. */
export function fold(title: string, text: string, open: number): string {
  return text.split('\n').length <= open ? text : `<details><summary>${title}</summary>\n\n${text}\n\n</details>`
}

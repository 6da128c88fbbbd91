const begin = '<!-- pull-request -->'
const end = '<!-- /pull-request -->'

/**
 * Puts the text of a pull request, folded, between the README's two marks.
 * @param request the golden file: the title as its first line, then the body.
 * @throws Error if the README lacks the marks.
 */
export function withPullRequest(readme: string, request: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)]
  if (from === -1 || to < from) throw new TypeError(`the README lacks ${begin} and ${end}`)
  const [title = '', ...body] = request.split('\n')
  const folded = `<details><summary>${title.replace(/^# /, '')}</summary>\n\n${body.join('\n').trim()}\n\n</details>`
  return `${readme.slice(0, from)}${begin}\n${folded}\n${readme.slice(to)}`
}

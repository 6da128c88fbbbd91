/** The beginning of a long text, for people. Passwords must be out of it already: half of one would be left of what is cut. */
export function shorten(text: string, most = 80): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`
}

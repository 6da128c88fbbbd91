/** A text without one character at its end, however often it stands there. An expression would look for the end from each of them anew. */
export function withoutTrailing(text: string, character: string): string {
  let end = text.length
  while (text[end - 1] === character) end--
  return text.slice(0, end)
}

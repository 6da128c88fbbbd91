/** A text without the slashes at its end. A pattern would try each of many slashes that stand elsewhere. */
export function withoutEndSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end)
}

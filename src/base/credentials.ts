/**
 * A text with every address in it as it may be shown and written: without user and password, which may be a token. Of SSH's the user stays: it is no
 * secret, and nothing works without it.
 */
export function withoutCredentials(text: string): string {
  // A password may hold what should be escaped in it: all up to the last `@` of the host's part is left out.
  return text.replace(/\b([a-z][a-z0-9+.-]*):\/\/([^\s/?#"<>`]*)@/gi, (_, scheme: string, user: string) =>
    /^(.*\+)?ssh$/i.test(scheme) ? `${scheme}://${user.replace(/:.*$/, '')}@` : `${scheme}://`,
  )
}

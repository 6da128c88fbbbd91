// Behind the `://` of an address. A password may hold what should be escaped in it: all up to the last `@` of the host's part is left out. The
// scheme is looked at from its end: at every letter of a long text it could begin anew.
const userPart = /(?<=[a-z0-9+.-]):\/\/([^\s/?#"<>`]*)@/gi
const ssh = /(?:^|[^a-z0-9.-])ssh$/i

/**
 * A text with every address in it as it may be shown and written: without user and password, which may be a token. Of SSH's the user stays: it is no
 * secret, and nothing works without it.
 */
export function withoutCredentials(text: string): string {
  return text.replace(userPart, (_, user: string, offset: number) =>
    ssh.test(text.slice(Math.max(0, offset - 4), offset)) ? `://${user.replace(/:.*$/, '')}@` : '://',
  )
}

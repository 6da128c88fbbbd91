/**
 * Why Go does not read a certificate with this URI; `null` if it does (`url.Parse` of net/url and `parseSANExtension` of crypto/x509/parser.go,
 * Go 1.26).
 */
export function uriFault(uri: string): string | null {
  if (/[\0-\x1f\x7f]/.test(uri)) return 'a control character'
  const [beforeFragment = '', ...fragments] = uri.split('#')
  if (isEscapedWrong(fragments.join('#'))) return 'a broken %-escape'
  if (beforeFragment === '*') return null
  if (beforeFragment.startsWith(':')) return 'no scheme before ":"'
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(beforeFragment)?.[1]
  const rest = (scheme === undefined ? beforeFragment : beforeFragment.slice(scheme.length + 1)).split('?')[0] ?? ''
  if (!rest.startsWith('/')) {
    if (scheme !== undefined) return null // opaque: what follows is not looked at
    if (/^[^/]*:/.test(rest)) return 'a colon before the first slash, and no scheme'
  }
  const authority = rest.startsWith('//') && (scheme !== undefined || !rest.startsWith('///')) ? (rest.slice(2).split('/')[0] ?? '') : null
  if (isEscapedWrong(authority === null ? rest : rest.slice(2 + authority.length))) return 'a broken %-escape'
  return authority === null ? null : authorityFault(authority, scheme?.toLowerCase() ?? '')
}

/** Whether Go takes it for a domain name: that of a URI, or, with a leading dot, that of a constraint (`domainNameValid`). */
export function isDomainName(name: string, isConstraint: boolean): boolean {
  const labels = isConstraint && name.startsWith('.') ? name.slice(1) : name
  return name === '' || /^[!-\-/-~]+(\.[!-\-/-~]+)*$/.test(labels)
}

/** Whether Go takes it for an IP address (`net.ParseIP`). */
export function isAddress(text: string): boolean {
  const parts = text.split('.')
  return (parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) || isAddress6(text)
}

// The rules of the two are the same, and `node:net` is no module of a part that touches nothing.
function isAddress6(text: string): boolean {
  return text.includes(':') && /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`)
}

function isEscapedWrong(text: string): boolean {
  return /%(?![0-9a-f]{2})/i.test(text)
}

function authorityFault(authority: string, scheme: string): string | null {
  const at = authority.lastIndexOf('@')
  const user = authority.slice(0, Math.max(at, 0))
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || isEscapedWrong(user)) return 'a user name that cannot be read'
  const host = authority.slice(at + 1)
  const address = /^\[(.*)\](:\d*)?$/.exec(host)?.[1]
  if (host.includes('[')) {
    // An IPv6 zone (`%25eth0`) is the only escape there that has a meaning; a certificate of a mesh has none, so it is not read further.
    return address === undefined || !isAddress6(address.split('%')[0] ?? '') ? 'a host that is no IPv6 address' : null
  }
  // Go issue 75223: in http and https, no colon but the port's.
  const colon = scheme === 'http' || scheme === 'https' ? host.indexOf(':') : host.lastIndexOf(':')
  if (colon !== -1 && !/^:\d*$/.test(host.slice(colon))) return 'a port that is no number'
  // A % may stand for itself, or for bytes beyond ASCII, and those are no host name.
  return !/^([\w\-.~!$&'()*+,;=:<>"\]]|%25)*$/.test(host) || !isDomainName(host, false) ? 'a host that is no host name' : null
}

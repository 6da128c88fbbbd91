import type { Certificate } from './certificate.ts'

/** Names that a CA above may forbid. */
export interface ConstrainedNames {
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  readonly emails?: readonly string[]
  /** Hex. */
  readonly ips?: readonly string[]
}

interface Kind {
  readonly label: string
  readonly names: readonly string[]
  readonly permitted: readonly string[]
  readonly excluded: readonly string[]
  matches(constraint: string, name: string, isExcluded: boolean): boolean
}

/**
 * Which names the CA's name constraints forbid, in Go's words and by Go's rules (crypto/x509/constraints.go): a constraint of a kind
 * permits only what matches it, an exclusion forbids what matches, and a URI without a DNS host cannot pass.
 */
export function constraintProblems(names: ConstrainedNames, ca: Certificate): string[] {
  const { permittedNames, excludedNames } = ca.extensions
  if (permittedNames === null && excludedNames === null) return []
  const kind = (label: string, own: readonly string[], key: 'dns' | 'uris' | 'emails' | 'ips', matches: Kind['matches']): Kind => ({
    label,
    names: own,
    permitted: permittedNames?.[key] ?? [],
    excluded: excludedNames?.[key] ?? [],
    matches,
  })
  return [
    kind('IP address', names.ips ?? [], 'ips', containsAddress),
    kind('DNS name', names.dns, 'dns', hasSuffix),
    kind('URI', names.uris, 'uris', matchesUri),
    kind('email address', names.emails ?? [], 'emails', matchesEmail),
  ].flatMap((each) => each.names.flatMap((name) => problemOf(each, name)))
}

function problemOf({ label, permitted, excluded, matches }: Kind, name: string): string[] {
  if (label === 'URI' && hostOf(name) === null) return [`URI "${name}" has no host that can be matched against constraints`]
  if (permitted.length > 0 && !permitted.some((constraint) => matches(constraint, name, false)))
    return [`${label} "${name}" is not permitted by any constraint`]
  const hit = excluded.find((constraint) => matches(constraint, name, true))
  return hit === undefined ? [] : [`${label} "${name}" is excluded by constraint "${hit}"`]
}

/** `.example.com` matches names below, `example.com` itself as well, an empty constraint everything. */
function hasSuffix(constraint: string, name: string, isExcluded: boolean): boolean {
  const [suffix, host] = [constraint.toLowerCase(), name.toLowerCase()]
  if (suffix === '' || suffix === host) return true
  if (host.endsWith(suffix.startsWith('.') ? suffix : `.${suffix}`)) return true
  // Excluding a.example.com excludes *.example.com too.
  return isExcluded && host.startsWith('*.') && suffix.slice(suffix.indexOf('.')) === host.slice(1)
}

function matchesUri(constraint: string, uri: string, isExcluded: boolean): boolean {
  const host = hostOf(uri)
  return host !== null && hasSuffix(constraint, host, isExcluded)
}

function matchesEmail(constraint: string, email: string, isExcluded: boolean): boolean {
  const at = email.lastIndexOf('@')
  const [local, domain] = [email.slice(0, at), email.slice(at + 1)]
  if (!constraint.includes('@')) return hasSuffix(constraint, domain, isExcluded)
  const constraintAt = constraint.lastIndexOf('@')
  return constraint.slice(0, constraintAt) === local && constraint.slice(constraintAt + 1).toLowerCase() === domain.toLowerCase()
}

/** The constraint is address and mask, each as long as the name. */
function containsAddress(constraint: string, address: string): boolean {
  const [range, own] = [Buffer.from(constraint, 'hex'), Buffer.from(address, 'hex')]
  if (range.length !== own.length * 2) return false
  return own.every((byte, index) => ((byte ^ (range[index] ?? 0)) & (range[own.length + index] ?? 0xff)) === 0)
}

/** The DNS host of a URI; `null` if it has none, or an IP address. */
function hostOf(uri: string): string | null {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri)?.[1]
  return host === undefined || /^\d+(\.\d+){3}$/.test(host) ? null : host
}

import type { GenerationId } from '../rotation/index.ts'

const certificate = `jq -r '.dynamicActiveSecrets[] | select(.name == "default") | .secret.tlsCertificate.certificateChain.inlineBytes' |`
const issuer = 'base64 -d | openssl x509 -noout -issuer'
const issuerOrNone = [certificate, `${issuer} || echo none`]
const roots = [
  `jq -r '.dynamicActiveSecrets[] | select(.name == "ROOTCA") | .secret.validationContext.trustedCa.inlineBytes' |`,
  'base64 -d | openssl crl2pkcs7 -nocrl -certfile /dev/stdin | openssl pkcs7 -print_certs -noout |',
]

/**
 * Shell lines that look at the certificate of every proxy, and print what was not issued by the signer: docs/rotation.md has them as well.
 * @param contexts of the clusters; empty: the reader's own.
 */
export function proxiesNotOf(signer: GenerationId, contexts: readonly string[]): readonly string[] {
  return lookAtProxies(contexts, {
    read: issuerOrNone,
    print: `!/intermediate CA ${signer}/`,
    about: `prints what has no certificate of ${signer}`,
  })
}

/** The same before a generation is given up: they print what has a certificate of it, or none. The other CA may be one that reroot did not name. */
export function proxiesOf(generation: GenerationId, contexts: readonly string[]): readonly string[] {
  return lookAtProxies(contexts, {
    read: issuerOrNone,
    print: `/intermediate CA ${generation}|  none$/`,
    about: `prints what has a certificate of ${generation}, or none`,
  })
}

/** The same for what every proxy trusts: they print what does not trust the root of a generation. */
export function proxiesWithout(root: GenerationId, contexts: readonly string[]): readonly string[] {
  return lookAtProxies(contexts, {
    read: [...roots, `grep '^subject.*root CA ${root}' || echo none`],
    print: `!/root CA ${root}/`,
    about: `prints what does not trust ${root}`,
  })
}

/**
 * Shell lines that show what one workload trusts, and who has signed its certificate. What is said of them stands behind the last line: behind a pipe,
 * some shells take it for a command.
 * @param context of its cluster, as a flag; empty: the reader's own.
 */
export function oneWorkload(context: string): readonly string[] {
  const read = `istioctl${context} proxy-config secret POD.NAMESPACE -o json |`
  return [
    read,
    ...[...roots, 'grep ^subject           # the roots that a workload trusts'].map((line) => `  ${line}`),
    read,
    ...[certificate, `${issuer}           # who has signed its certificate`].map((line) => `  ${line}`),
  ]
}

interface Look {
  /** Makes a line of the secrets of one proxy. */
  readonly read: readonly string[]
  /** awk's pattern of the lines that are not as they should be. */
  readonly print: string
  readonly about: string
}

/** The number of proxies is told too: no line would else say the same as no proxy. */
function lookAtProxies(contexts: readonly string[], { read, print, about }: Look): readonly string[] {
  const [only, ...more] = contexts
  const istioctl = only === undefined ? 'istioctl' : more.length === 0 ? `istioctl --context ${only}` : 'istioctl --context "$context"'
  const loop = [
    `${istioctl} proxy-status | awk 'NR > 1 { print $1 }' | while read -r proxy; do`,
    `  printf '%s  ' "${more.length === 0 ? '$proxy' : '$context $proxy'}"`,
    `  ${istioctl} proxy-config secret "$proxy" -o json |`,
    ...read.map((line) => `    ${line}`),
    `done | awk '${print} { print } END { print NR, "proxies looked at" }'           # ${about}`,
  ]
  const ambient = `${istioctl} ztunnel-config certificates          # ambient`
  if (more.length === 0) return [...loop, ambient]
  return [`for context in ${contexts.join(' ')}; do`, ...[...loop, ambient].map((line) => `  ${line}`), 'done']
}

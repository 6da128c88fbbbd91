import type { GenerationId } from '../rotation/index.ts'

/**
 * Shell lines that look at the certificate of every proxy, and print what was not issued by the signer: docs/rotation.md has them as well.
 * @param contexts of the clusters; empty: the reader's own.
 */
export function proxiesNotOf(signer: GenerationId, contexts: readonly string[]): readonly string[] {
  return lookAtProxies(contexts, {
    read: [
      `jq -r '.dynamicActiveSecrets[] | select(.name == "default") | .secret.tlsCertificate.certificateChain.inlineBytes' |`,
      'base64 -d | openssl x509 -noout -issuer || echo none',
    ],
    wanted: `intermediate CA ${signer}`,
    about: `prints what has no certificate of ${signer}`,
  })
}

/** The same for what every proxy trusts: they print what does not trust the root of a generation. */
export function proxiesWithout(root: GenerationId, contexts: readonly string[]): readonly string[] {
  return lookAtProxies(contexts, {
    read: [
      `jq -r '.dynamicActiveSecrets[] | select(.name == "ROOTCA") | .secret.validationContext.trustedCa.inlineBytes' |`,
      `base64 -d | openssl crl2pkcs7 -nocrl -certfile /dev/stdin | openssl pkcs7 -print_certs -noout | grep '^subject.*root CA ${root}' || echo none`,
    ],
    wanted: `root CA ${root}`,
    about: `prints what does not trust ${root}`,
  })
}

interface Look {
  /** Makes a line of the secrets of one proxy. */
  readonly read: readonly string[]
  /** What the line of a proxy holds that is as it should be. */
  readonly wanted: string
  readonly about: string
}

/** The number of proxies is told too: no line would else say the same as no proxy. */
function lookAtProxies(contexts: readonly string[], { read, wanted, about }: Look): readonly string[] {
  const [only, ...more] = contexts
  const istioctl = only === undefined ? 'istioctl' : more.length === 0 ? `istioctl --context ${only}` : 'istioctl --context "$context"'
  const loop = [
    `${istioctl} proxy-status | awk 'NR > 1 { print $1 }' | while read -r proxy; do`,
    `  printf '%s  ' "${more.length === 0 ? '$proxy' : '$context $proxy'}"`,
    `  ${istioctl} proxy-config secret "$proxy" -o json |`,
    ...read.map((line) => `    ${line}`),
    `done | awk '!/${wanted}/ { print } END { print NR, "proxies looked at" }'           # ${about}`,
  ]
  const ambient = `${istioctl} ztunnel-config certificates          # ambient`
  if (more.length === 0) return [...loop, ambient]
  return [`for context in ${contexts.join(' ')}; do`, ...[...loop, ambient].map((line) => `  ${line}`), 'done']
}

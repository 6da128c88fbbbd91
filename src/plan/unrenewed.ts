import type { GenerationId } from '../rotation/index.ts'

/**
 * Shell lines that look at the certificate of every proxy, and print what was not issued by the signer: docs/rotation.md has them as well.
 * @param contexts of the clusters; empty: the reader's own.
 */
export function proxiesNotOf(signer: GenerationId, contexts: readonly string[]): readonly string[] {
  const [only, ...more] = contexts
  const istioctl = only === undefined ? 'istioctl' : more.length === 0 ? `istioctl --context ${only}` : 'istioctl --context "$context"'
  const loop = [
    `${istioctl} proxy-status | awk 'NR > 1 { print $1 }' | while read -r proxy; do`,
    `  printf '%s  ' "${more.length === 0 ? '$proxy' : '$context $proxy'}"`,
    `  ${istioctl} proxy-config secret "$proxy" -o json |`,
    `    jq -r '.dynamicActiveSecrets[] | select(.name == "default") | .secret.tlsCertificate.certificateChain.inlineBytes' |`,
    '    base64 -d | openssl x509 -noout -issuer || echo none',
    `done | grep -v 'intermediate CA ${signer}'           # prints what has no certificate of ${signer}`,
  ]
  const ambient = `${istioctl} ztunnel-config certificates          # ambient`
  if (more.length === 0) return [...loop, ambient]
  return [`for context in ${contexts.join(' ')}; do`, ...[...loop, ambient].map((line) => `  ${line}`), 'done']
}

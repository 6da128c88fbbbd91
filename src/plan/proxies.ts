import type { GenerationId } from '../rotation/index.ts'
import { inEachContext } from './context-flag.ts'
import { commands } from './markdown.ts'

const certificate = `jq -r '.dynamicActiveSecrets[] | select(.name == "default") | .secret.tlsCertificate.certificateChain.inlineBytes' |`
const issuer = 'base64 -d | openssl x509 -noout -issuer'
const roots = `jq -r '.dynamicActiveSecrets[] | select(.name == "ROOTCA") | .secret.validationContext.trustedCa.inlineBytes' |`
const subjects = 'base64 -d | openssl crl2pkcs7 -nocrl -certfile /dev/stdin | openssl pkcs7 -print_certs -noout |'

// What `istioctl ztunnel-config certificates` prints is ztunnel's own dump: one entry for each identity. Old ones have the root at the end of the chain.
const leaf = '(.certChain // [])[:1]'
const trusted = '(.rootCerts // (.certChain // [])[-1:])'

/** Whose proxies are looked at. */
export interface Meshes {
  /** Of the clusters; empty: the reader's own. */
  readonly contexts: readonly string[]
  /** Some of them have a ztunnel. */
  readonly ambient: boolean
}

/** Shell lines that look at the certificate of every proxy, and print what was not issued by the signer: docs/rotation.md has them as well. */
export function proxiesNotOf(signer: GenerationId, meshes: Meshes): readonly string[] {
  return lookAtProxies(meshes, {
    sidecar: certificate,
    ztunnel: leaf,
    read: [`${issuer} || echo none`],
    print: `!/intermediate CA ${signer}/`,
  })
}

/** The same before a generation is given up: they print what has a certificate of it, or none. The other CA may be one that reroot did not name. */
export function proxiesOf(generation: GenerationId, meshes: Meshes): readonly string[] {
  return lookAtProxies(meshes, {
    sidecar: certificate,
    ztunnel: leaf,
    read: [`${issuer} || echo none`],
    print: `/intermediate CA ${generation}|  none$/`,
  })
}

/**
 * The same for what every proxy trusts: they print what does not trust a root.
 * @param subject of the root, whole: another mesh that is trusted too may count its generations likewise (`O=shop, CN=shop root CA g2`).
 */
export function proxiesWithout(subject: string, meshes: Meshes): readonly string[] {
  // OpenSSL before 3.2 puts spaces around `=`.
  const pattern = `${subject.replaceAll('=', ' *= *').replaceAll(', ', ', *')}$`
  return lookAtProxies(meshes, {
    sidecar: roots,
    ztunnel: trusted,
    read: [subjects, `grep '^subject= *${pattern}' || echo none`],
    print: `!/${pattern}/`,
  })
}

/**
 * What one workload trusts, and who has signed its certificate, as Markdown.
 * @param context of its cluster, as a flag; empty: the reader's own.
 */
export function oneWorkload(context: string): readonly string[] {
  const read = `istioctl${context} proxy-config secret POD.NAMESPACE -o json |`
  const shown = (steps: readonly string[]): readonly string[] => [read, ...steps.map((line) => `  ${line}`)]
  return [
    commands('The roots that a workload trusts:', shown([roots, subjects, "grep '^subject'"])),
    commands('Who has signed its certificate:', shown([certificate, issuer])),
  ]
}

interface Look {
  /** Takes what is looked at out of Envoy's secrets, as PEM in base64. */
  readonly sidecar: string
  /** jq's expression of the same in an entry of a ztunnel's dump, as a list. */
  readonly ztunnel: string
  /** Makes a line of it. */
  readonly read: readonly string[]
  /** awk's pattern of the lines that are not as they should be. */
  readonly print: string
}

/**
 * Shell lines that print the running pods whose proxy istiod does not list, and how many have one: who has lost istiod has its old trust, and the
 * lines above say nothing of it. All proxies run in a container of that name; pods that the Gateway API makes, and ztunnels, have no annotation of the injector.
 */
export function proxiesNotConnected({ contexts, ambient }: Meshes): readonly string[] {
  const count = ambient ? '{ if ($2 ~ /^ztunnel-/) ztunnels += 1; else proxies += 1 }' : '{ proxies += 1 }'
  const counted = ambient ? 'proxies + 0, "proxies and", ztunnels + 0, "ztunnels run"' : 'proxies + 0, "proxies run"'
  const total = ambient ? 'proxies + ztunnels' : 'proxies'
  return inEachContext(contexts, (flag, name) => [
    ...(name === '' ? [] : ['echo "$context:"']),
    '{',
    `  istioctl${flag} proxy-status | awk 'NR > 1 { print "connected", $1 }'`,
    `  kubectl${flag} get pods -A --field-selector status.phase=Running -o json |`,
    `    jq -r '.items[] | select(any(.spec.containers[], .spec.initContainers[]?; .name == "istio-proxy")) | "running \\(.metadata.name).\\(.metadata.namespace)"'`,
    `} | awk '$1 == "connected" { connected[$2] = 1; next } ${count} !($2 in connected) { print $2, "is not connected" } END { if (!(${total})) print "none was found: kubectl or jq has failed"; print ${counted} }'`,
  ])
}

/** The number of proxies is told too: no line would else say the same as no proxy. */
function lookAtProxies({ contexts, ambient }: Meshes, look: Look): readonly string[] {
  return inEachContext(contexts, (flag, name) => [
    ...lookAtSidecars(`istioctl${flag}`, `${name}$proxy`, look),
    ...(ambient ? lookAtZtunnels(`istioctl${flag}`, `${name}$proxy`, look) : []),
  ])
}

/**
 * Sidecars, gateways and waypoints. istiod lists ztunnels beside them, which are no Envoy. Each look is a port-forward that takes a second, so there are eight
 * at a time; awk writes the lines of one at once.
 */
function lookAtSidecars(istioctl: string, name: string, { sidecar, read, print }: Look): readonly string[] {
  return [
    `${istioctl} proxy-status | awk 'NR > 1 && $1 !~ /^ztunnel-/ { print $1 }' | while read -r proxy; do`,
    '  {',
    `    ${istioctl} proxy-config secret "$proxy" -o json < /dev/null |`,
    ...[sidecar, ...read].map((line) => `      ${line}`),
    `  } | awk -v proxy="${name}" '{ print proxy "  " $0 }' &`,
    '  n=$((n + 1))',
    '  test $((n % 8)) -gt 0 || wait',
    `done | awk '${print} { print } END { print NR, "proxies looked at" }'`,
  ]
}

/** A ztunnel holds a certificate for each service account on its node. Its dump has PEM, or PEM in base64. One that says nothing is a line, too. */
function lookAtZtunnels(istioctl: string, name: string, { ztunnel, read, print }: Look): readonly string[] {
  const pem = 'map(.pem | if startswith("-----") then . else @base64d end) | join("\\n") | @base64'
  return [
    `${istioctl} proxy-status | awk '$1 ~ /^ztunnel-/ { print $1 }' | while read -r proxy; do`,
    `  ${istioctl} ztunnel-config certificates "$proxy" -o json < /dev/null |`,
    `    jq -rs '(.[0] // [{}])[] | [(.identity // "nothing"), (${ztunnel} | ${pem})] | @tsv' |`,
    '    while read -r identity pem; do',
    `      printf '%s  ' "${name} $identity"`,
    `      printf %s "$pem" |`,
    ...read.map((line) => `        ${line}`),
    '    done',
    `done | awk '${print} { print } { seen[$${name.split(' ').length}] = 1 } END { for (one in seen) ztunnels += 1; print NR, "certificates of", ztunnels + 0, "ztunnels looked at" }'`,
  ]
}

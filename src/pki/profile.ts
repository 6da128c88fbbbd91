import { bitString, implicit, integer, octetString, oid, sequence, trueValue, writeDer } from './der.ts'
import type { Der } from './der.ts'
import { keyUsageBits } from './extensions.ts'
import type { KeyUsage } from './extensions.ts'
import { generalName } from './general-names.ts'
import { extendedKeyUsageOids, extensionOids } from './oids.ts'
import type { Template } from './template.ts'

export interface KeyIds {
  readonly subjectKeyId: Uint8Array
  readonly authorityKeyId: Uint8Array
}

/**
 * The extensions of a certificate: the profile of Istio's tools/certs (common.mk) for CAs and of istiod for workloads, with an
 * authorityKeyIdentifier always: without it OpenSSL fails on roots that share a name.
 */
export function profileExtensions(template: Template, ids: KeyIds): Der {
  return sequence(
    ...kindExtensions(template),
    extension('subjectKeyIdentifier', false, octetString(ids.subjectKeyId)),
    extension('authorityKeyIdentifier', false, sequence(implicit(0, ids.authorityKeyId))),
  )
}

// tools/certs gives a CA these four, and no cRLSign: istiod signs no CRL with this key.
const caKeyUsage: readonly KeyUsage[] = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyCertSign']

function kindExtensions(template: Template): Der[] {
  switch (template.kind) {
    case 'root':
      return [extension('basicConstraints', true, sequence(trueValue())), keyUsage(caKeyUsage)]
    case 'intermediate':
      return [
        extension('basicConstraints', true, sequence(trueValue(), integer(0))),
        keyUsage(caKeyUsage),
        extension(
          'subjectAltName',
          false,
          sequence(...template.dnsNames.map((name) => implicit(generalName.dns, Buffer.from(name, 'ascii')))),
        ),
      ]
    case 'leaf':
      return [
        extension('basicConstraints', true, sequence()),
        keyUsage(['digitalSignature', 'keyEncipherment']),
        extension('extendedKeyUsage', false, sequence(oid(extendedKeyUsageOids.serverAuth), oid(extendedKeyUsageOids.clientAuth))),
        // Critical, because the subject is empty (RFC 5280, 4.2.1.6).
        extension('subjectAltName', true, sequence(implicit(generalName.uri, Buffer.from(template.uri, 'ascii')))),
      ]
    default:
      return template satisfies never
  }
}

function keyUsage(usages: readonly KeyUsage[]): Der {
  const bits = usages.map((usage) => keyUsageBits.indexOf(usage))
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0)
  // DER wants the zero bits at the end left out (X.690, 11.2.2). All of ours are in the first byte.
  return extension('keyUsage', true, bitString(Uint8Array.of(byte), 7 - Math.max(...bits)))
}

function extension(name: keyof typeof extensionOids, critical: boolean, value: Der): Der {
  return sequence(oid(extensionOids[name]), ...(critical ? [trueValue()] : []), octetString(writeDer(value)))
}

import { connect } from 'node:http2'
import type { IncomingHttpHeaders } from 'node:http2'

/**
 * One unary call of gRPC over TLS (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md): a message in, a message out. The usual library brings a package
 * whose installation runs a script, and this house has none.
 * @param roots what the server's certificate must lead to, PEM.
 * @throws Error with the server's own words if it refuses, or with TLS's if it is not who it should be.
 */
export async function unary(
  call: { readonly address: string; readonly name: string; readonly roots: string; readonly path: string; readonly token: string },
  message: Buffer,
): Promise<Buffer> {
  const session = connect(`https://${call.address}`, { ca: call.roots, servername: call.name })
  try {
    return await new Promise((resolve, reject) => {
      session.once('error', reject)
      const stream = session.request({
        ...{ ':method': 'POST', ':path': call.path, ':authority': call.name, te: 'trailers' },
        ...{ 'content-type': 'application/grpc', authorization: `Bearer ${call.token}` },
      })
      const chunks: Buffer[] = []
      const status = new Map<string, string>()
      const note = (headers: IncomingHttpHeaders): void => {
        for (const [name, value] of Object.entries(headers)) status.set(name, String(value))
      }
      // A refusal comes in the headers, if there is no message, else behind the message.
      stream.on('response', note)
      stream.on('trailers', note)
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('error', reject)
      stream.once('end', () => {
        const said = status.get('grpc-message') ?? `HTTP ${status.get(':status') ?? ''}`
        if (status.get('grpc-status') === '0') resolve(Buffer.concat(chunks).subarray(prefixBytes))
        else reject(new Error(decodeURIComponent(said)))
      })
      stream.setTimeout(5000, () => reject(new Error('no answer within 5 s')))
      stream.end(Buffer.concat([prefixOf(message), message]))
    })
  } finally {
    session.destroy()
  }
}

/** One byte says that the message is not compressed, four how long it is. */
const prefixBytes = 5

function prefixOf(message: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(message.length, 1)
  return prefix
}

/** A field of a Protocol Buffers message: text, or a whole number (protobuf.dev, Encoding). */
export function field(number: number, value: string | number): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)])
  const bytes = Buffer.from(value)
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

/** All texts of one field of a message that has only such fields. */
export function texts(message: Buffer, number: number): readonly string[] {
  const found: string[] = []
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at)
    const length = readVarint(message, tag.next)
    at = length.next + length.value
    if (tag.value === ((number << 3) | 2)) found.push(message.subarray(length.next, at).toString('utf8'))
  }
  return found
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly next: number } {
  let value = 0
  for (let at = start, factor = 1; ; at++, factor *= 128) {
    const byte = bytes[at]
    if (byte === undefined) throw new RangeError('the message ends within a number')
    value += (byte & 127) * factor
    if (byte < 128) return { value, next: at + 1 }
  }
}

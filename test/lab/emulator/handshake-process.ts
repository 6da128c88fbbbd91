import { X509Certificate } from 'node:crypto'
import { duplexPair } from 'node:stream'
import { connect, createSecureContext, createServer } from 'node:tls'
import type { SecureContext, Server, TLSSocket } from 'node:tls'
import type { HandshakeAnswer, HandshakeFailure, HandshakeOrder } from './handshakes.ts'

const perSecond = Number(process.argv[2])
/** Both halves of a proxy's TLS. */
interface Sides {
  readonly context: SecureContext
  readonly server: Server
  /** The issuer of its certificate. */
  readonly signer: string
}

const pods = new Map<string, Sides>()
const failures: HandshakeFailure[] = []
let succeeded = 0
let failed = 0
/** Pairs whose turn has not come in this round. */
let round: (readonly [client: string, server: string])[] = []
/** Who waits for the end of this round. */
const asked: number[] = []

process.on('disconnect', () => process.exit())
process.on('message', (message) => {
  const order = message as HandshakeOrder
  switch (order.kind) {
    case 'set':
      pods.set(order.pod, sidesOf({ cert: order.chain, key: order.key, ca: order.roots }))
      // Whoever is new meets everybody first.
      for (const other of pods.keys()) if (other !== order.pod) round.push([order.pod, other], [other, order.pod])
      break
    case 'remove':
      pods.delete(order.pod)
      break
    case 'count':
      answer(order.id)
      break
    case 'round':
      round = allPairs()
      asked.push(order.id)
      break
    default:
      order satisfies never
  }
})

void (async () => {
  for (;;) {
    const started = performance.now()
    const pair = round.pop()
    if (pair === undefined) {
      for (const id of asked.splice(0)) answer(id)
      round = allPairs()
      if (round.length === 0) await sleep(100)
      continue
    }
    await handshake(...pair)
    // Nobody waits for the end of the round: the machine is left to others.
    if (asked.length === 0) await sleep(Math.max(1000 / perSecond - (performance.now() - started), 0))
  }
})()

function answer(id: number): void {
  process.send?.({ id, count: { succeeded, failed, failures } } satisfies HandshakeAnswer)
}

/** Every pair of present pods, both ways, in any order. */
function allPairs(): (readonly [client: string, server: string])[] {
  const names = [...pods.keys()]
  const pairs = names.flatMap((client) => names.filter((server) => server !== client).map((server) => [client, server] as const))
  // Neighbours in the list are replicas of one workload: mixed, every workload is met within seconds.
  for (let index = pairs.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1))
    ;[pairs[index], pairs[other]] = [pairs[other] as never, pairs[index] as never]
  }
  return pairs
}

async function handshake(client: string, server: string): Promise<void> {
  const [from, to] = [pods.get(client), pods.get(server)]
  if (from === undefined || to === undefined) return
  const reason = await refused(from, to)
  if (reason === null) {
    succeeded += 1
    return
  }
  failed += 1
  failures.push({ at: Date.now(), client, server, signers: [from.signer, to.signer], reason })
}

function sidesOf(material: { readonly cert: string; readonly key: string; readonly ca: string }): Sides {
  return {
    context: createSecureContext(material),
    server: createServer({ ...material, requestCert: true, rejectUnauthorized: false }),
    signer: new X509Certificate(material.cert).issuer.replaceAll('\n', ', '),
  }
}

/** A whole TLS 1.3 handshake in memory, with certificates of both sides. @returns why one side would refuse the other, or `null`. */
async function refused(from: Sides, to: Sides): Promise<string | null> {
  const [near, far] = duplexPair()
  const accepted = new Promise<TLSSocket>((resolve, reject) => {
    to.server.once('secureConnection', resolve)
    far.once('error', reject)
  })
  // Proxies compare SPIFFE identities, not host names.
  const client = connect({ socket: near, secureContext: from.context, rejectUnauthorized: false, checkServerIdentity: () => undefined })
  const connected = new Promise<void>((resolve, reject) => client.once('secureConnect', resolve).once('error', reject))
  to.server.emit('connection', far)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within 10 s')), 10_000)
  })
  try {
    const [server] = await Promise.race([Promise.all([accepted, connected]), late])
    const verdict = client.authorized
      ? server.authorized
        ? null
        : `the server refuses the client: ${String(server.authorizationError)}`
      : `the client refuses the server: ${String(client.authorizationError)}`
    server.destroy()
    return verdict
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
    client.destroy()
    to.server.removeAllListeners('secureConnection')
  }
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}

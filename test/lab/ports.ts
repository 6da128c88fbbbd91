import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

const taken = new Set<number>()

/** Free ports on the loopback address, none given twice by this process. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = await freePort()
    if (taken.has(port)) continue
    taken.add(port)
    ports.push(port)
  }
  return ports
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

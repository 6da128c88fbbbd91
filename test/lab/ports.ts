import { createServer } from 'node:net'

// Below the ephemeral range, from which any connection may take one. Labs side by side begin far from each other.
const [first, last] = [12_000, 32_000] as const
let next = first + ((process.pid * 977) % (last - first))

/** Free ports on the loopback address, none given twice by this process. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = next
    next = next + 1 < last ? next + 1 : first
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

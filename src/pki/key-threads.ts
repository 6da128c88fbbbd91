import type { KeyObject } from 'node:crypto'
import { Worker } from 'node:worker_threads'

export interface RawKeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

// A key goes from thread to thread as the object that it is: its bytes are written nowhere, not even in memory.
const script = `
const { parentPort, workerData } = require('node:worker_threads')
const { generateKeyPairSync } = require('node:crypto')
parentPort.on('message', () => parentPort.postMessage(generateKeyPairSync('rsa', { modulusLength: workerData })))`

/** Makes RSA keys, each thread one after the other. */
export async function rsaKeysOnThreads(modulusLength: number, count: number, threads: number): Promise<readonly RawKeyPair[]> {
  const pairs: RawKeyPair[] = []
  let asked = 0
  const workers = Array.from({ length: threads }, () => new Worker(script, { eval: true, workerData: modulusLength }))
  try {
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            const ask = (): void => (asked++ < count ? worker.postMessage('next') : resolve())
            worker.on('message', (pair: RawKeyPair) => {
              pairs.push(pair)
              ask()
            })
            worker.once('error', reject)
            ask()
          }),
      ),
    )
    return pairs
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

import type { KeyObject } from 'node:crypto'
import { Worker } from 'node:worker_threads'

export interface RawKeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

// A key goes from thread to thread as the object that it is: it is never encoded.
const script = `
const { parentPort, workerData } = require('node:worker_threads')
const { generateKeyPairSync } = require('node:crypto')
const left = new Int32Array(workerData.left)
while (Atomics.sub(left, 0, 1) > 0) parentPort.postMessage(generateKeyPairSync('rsa', { modulusLength: workerData.modulusLength }))`

/** Makes RSA keys: each thread one after the other, as long as there are some left to make. */
export async function rsaKeysOnThreads(modulusLength: number, count: number, threads: number): Promise<readonly RawKeyPair[]> {
  const left = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  new Int32Array(left)[0] = count
  const pairs: RawKeyPair[] = []
  const workers = Array.from({ length: threads }, () => new Worker(script, { eval: true, workerData: { left, modulusLength } }))
  const ended = workers.map(
    (worker) =>
      new Promise<void>((resolve, reject) => {
        worker.on('message', (pair: RawKeyPair) => pairs.push(pair))
        worker.once('error', reject)
        worker.once('exit', () => resolve())
      }),
  )
  try {
    await Promise.all(ended)
    return pairs
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

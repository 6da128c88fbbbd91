import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Identity } from './csr.ts'

/** One handshake that failed. */
export interface HandshakeFailure {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly client: string
  readonly server: string
  /** The signers of both sides' certificates. */
  readonly signers: readonly [client: string, server: string]
  /** Who refused whom, and Go's word. */
  readonly reason: string
}

export interface HandshakeCount {
  readonly succeeded: number
  readonly failed: number
  /** All of them. */
  readonly failures: readonly HandshakeFailure[]
}

/** What the program is told, a line of JSON each (tools/handshakes/main.go). */
type HandshakeOrder =
  | { readonly kind: 'set'; readonly pod: string; readonly chain: string; readonly key: string; readonly roots: string }
  | { readonly kind: 'remove'; readonly pod: string }
  | { readonly kind: 'count'; readonly id: number }
  | { readonly kind: 'round'; readonly id: number }

/** What it answers. */
interface HandshakeAnswer {
  readonly id: number
  readonly count: HandshakeCount
}

/** Mutual TLS handshakes between all pods, all the time, both directions, in a program of their own. */
export class Handshakes {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #waiting = new Map<number, (count: HandshakeCount) => void>()
  #next = 0

  /**
   * @param program `handshakes`, built.
   * @param perSecond an upper bound, to leave the machine to the others.
   */
  constructor(program: string, perSecond: number) {
    this.#process = spawn(program, [String(perSecond)], { stdio: ['pipe', 'pipe', 'inherit'] })
    // Whoever is told of it asks no more.
    this.#process.stdin.on('error', () => undefined)
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const { id, count } = JSON.parse(line) as HandshakeAnswer
      this.#waiting.get(id)?.(count)
      this.#waiting.delete(id)
    })
  }

  set(pod: string, identity: Identity): void {
    this.#tell({ kind: 'set', pod, chain: identity.chain, key: identity.key, roots: identity.roots })
  }

  remove(pod: string): void {
    this.#tell({ kind: 'remove', pod })
  }

  /** All handshakes since the start. */
  async count(): Promise<HandshakeCount> {
    return this.#ask('count')
  }

  /** Begins a new round, and waits for its end: by then everybody who is there now and stays has talked to everybody else, both ways. */
  async round(): Promise<HandshakeCount> {
    return this.#ask('round')
  }

  stop(): void {
    this.#process.kill()
  }

  async #ask(kind: 'count' | 'round'): Promise<HandshakeCount> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#tell({ kind, id })
    })
  }

  #tell(order: HandshakeOrder): void {
    if (this.#process.stdin.writable) this.#process.stdin.write(`${JSON.stringify(order)}\n`)
  }
}

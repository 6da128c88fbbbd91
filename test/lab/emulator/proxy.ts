import { X509Certificate } from 'node:crypto'
import type { V1Pod } from '@kubernetes/client-node'
import { requestIdentity } from './csr.ts'
import type { Identity } from './csr.ts'

/** What a proxy needs of the world around its pod. */
export interface ProxyWorld {
  /** `root-cert.pem` of the namespace's `istio-ca-root-cert`, as mounted; `null`: there is none yet. */
  mountedRoots(namespace: string): string | null
  /** The address of an istiod that is ready, as the Service would choose one; `null`: none is. */
  anyIstiod(): string | null
  token(pod: V1Pod): Promise<string>
  readonly certificateHours: number
  /** Whether certificates are renewed at half of their life. */
  readonly renews: boolean
}

/** What the lab reads off a proxy at the end. */
export interface ProxyState {
  readonly pod: string
  /** SHA-256 of the roots that it trusts. */
  readonly trusted: readonly string[]
  /** The subject of the intermediate that issued its certificate. */
  readonly issuer: string
}

/** The sidecar of one pod: its certificate, and what it trusts until it asks for the next one. */
export class Proxy {
  readonly id: string
  readonly pod: V1Pod
  identity: Identity | null = null
  /** Requests to istiod that failed, with the reason. */
  readonly failures: string[] = []
  readonly #world: ProxyWorld
  readonly #changed: (proxy: Proxy) => void
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(pod: V1Pod, world: ProxyWorld, changed: (proxy: Proxy) => void) {
    this.pod = pod
    this.id = `${pod.metadata?.namespace}/${pod.metadata?.name}`
    this.#world = world
    this.#changed = changed
  }

  /** Tries until it has a certificate: the pod is not ready before. */
  async start(): Promise<void> {
    while (!this.#stopped && !(await this.#renew())) await new Promise((resolve) => setTimeout(resolve, 500))
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  state(): ProxyState {
    const { identity } = this
    const leaf = identity === null ? null : new X509Certificate(identity.chain)
    return {
      pod: this.id,
      trusted: identity === null ? [] : certificatesIn(identity.roots).map((one) => new X509Certificate(one).fingerprint256),
      issuer: leaf?.issuer.replaceAll('\n', ', ') ?? '',
    }
  }

  async #renew(): Promise<boolean> {
    const roots = this.#world.mountedRoots(this.pod.metadata?.namespace ?? '')
    const address = this.#world.anyIstiod()
    if (roots === null || address === null) return false
    try {
      const identity = await requestIdentity(address, roots, await this.#world.token(this.pod), this.#world.certificateHours)
      if (this.#stopped) return true
      this.identity = identity
      this.#changed(this)
      this.#schedule()
      return true
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error))
      return false
    }
  }

  /** At half of its life, as SECRET_GRACE_PERIOD_RATIO has it. */
  #schedule(): void {
    if (!this.#world.renews) return
    const wait = (this.#world.certificateHours * 3_600_000) / 2
    this.#timer = setTimeout(() => void this.start(), Math.min(wait, 2 ** 31 - 1))
  }
}

function certificatesIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
}

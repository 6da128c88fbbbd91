import type { Confidential } from '../base/index.ts'

/** The four files of a plugged-in CA (istio ca.go:43-67). */
export interface CaFiles {
  /** `ca-cert.pem`: the certificate that signs workloads. */
  readonly caCert: string
  /** `ca-key.pem`. */
  readonly caKey: Confidential<string>
  /** `cert-chain.pem`: what is sent along with a workload's certificate, from `ca-cert.pem` upward. */
  readonly certChain: string
  /** `root-cert.pem`: whom workloads trust. */
  readonly rootCert: string
}

export type CaFileName = 'ca-cert.pem' | 'ca-key.pem' | 'cert-chain.pem' | 'root-cert.pem'

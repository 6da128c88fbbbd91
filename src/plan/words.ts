import type { Step } from '../rotation/index.ts'

interface Names {
  /** Who signs after the step. */
  readonly signer: string
  /** The other root of the rotation. */
  readonly other: string
  /** The generation that the step is named by. */
  readonly generation: string
  /** Roots that are trusted before the step, and no longer after it. */
  readonly dropped: readonly string[]
  /** That the step before is complete was seen, or time has made it so; else it rests on the entry gate, or on somebody's word. */
  readonly proven: boolean
}

interface StepWords {
  /** One sentence, for the commit. */
  readonly short: string
  /** What and why, in a paragraph. */
  readonly why: (names: Names) => string
  /** How to go back once it is merged. */
  readonly back: string
}

const notMerged = 'Before the merge: close the pull request and delete the branch.'

/** What each step means to the people who review it. */
export const stepWords: Readonly<Record<Step, StepWords>> = {
  stage: {
    short: 'Trust the next root beside the present one; the signer stays.',
    why: ({ signer, generation }) =>
      `This makes the mesh trust a new root CA, ${generation}, beside the present one. ${signer} keeps signing, so every handshake works throughout: workloads that have restarted trust both roots, workloads that have not present certificates of ${signer}, which all trust. The restarts are there so that every workload trusts ${generation} before anything is signed by it.`,
    back: `${notMerged} After it: \`reroot rollback\` (abandon) takes the new root out of the bundle again. Nothing is signed by it yet, so that is safe at any moment.`,
  },
  promote: {
    short: 'Let the next root sign; the trusted roots stay byte for byte.',
    why: ({ signer, other }) =>
      `From here on ${signer} signs workload certificates instead of ${other}. Both roots stay trusted and \`root-cert.pem\` keeps its bytes, so workloads with certificates of either root accept each other. The restarts give every workload a certificate of ${signer}.`,
    back: `${notMerged} After it: \`reroot rollback\` (demote) lets the old root sign again. Both stay trusted, so that is safe at any moment.`,
  },
  retire: {
    short: 'Stop trusting the old root.',
    why: ({ signer, other, proven }) =>
      `Every workload ${proven ? 'has a certificate' : 'must have a certificate'} of ${signer} now${proven ? ', so' : ':'} ${other} leaves the bundle, and whoever holds its key can no longer speak in the mesh once the restarts are done. No sealed state at the repository’s head holds ${other}’s key any more, so **reroot cannot let ${other} sign again**, only trust it; history keeps its sealed key.`,
    back: `${notMerged} After it: \`reroot rollback\` (restore) trusts the old root again, while it is valid. It cannot let it sign again: the next signer is a new generation.`,
  },
  abandon: {
    short: 'Take the next root out of the bundle again.',
    why: ({ signer, generation }) =>
      `This gives up the rotation to ${generation}: only ${signer} is trusted again, as before \`stage\`. The number ${generation} is never used again; the next rotation gets the next one.`,
    back: `${notMerged} After it: run \`reroot stage\` for a new rotation.`,
  },
  demote: {
    short: 'Let the old root sign again; both stay trusted.',
    why: ({ signer, generation }) =>
      `This takes back \`promote\`: ${signer} signs again, ${generation} stays trusted, and \`root-cert.pem\` keeps its bytes. Certificates of both roots are accepted everywhere throughout.`,
    back: `${notMerged} After it: \`reroot promote\` goes forward again, \`reroot rollback\` abandons the rotation.`,
  },
  restore: {
    short: 'Trust the retired root again.',
    why: ({ signer, other }) => `This takes back \`retire\`: ${other} is trusted again beside ${signer}, which keeps signing.`,
    back: `${notMerged} After it: \`reroot retire\` goes forward again.`,
  },
  replace: {
    short: 'Replace the root at once, for a leaked key.',
    why: ({ signer, dropped }) =>
      `**This interrupts mutual TLS.** The root is replaced in one step, for a key that leaked: ${signer} signs and only ${signer} is trusted. From the moment that istiod takes up the Secret until the last workload has restarted, workloads that have restarted and workloads that have not reject each other’s certificates, because neither side trusts the other’s root. ${dropped.join(' and ')} ${dropped.length === 1 ? 'is' : 'are'} no longer trusted at the end.`,
    back: `${notMerged} After it there is no way back to the old root: a leaked key must not be trusted again.`,
  },
  renew: {
    short: 'Renew the intermediates under the same root.',
    why: ({ signer }) => `New intermediates under ${signer}; the root stays.`,
    back: notMerged,
  },
  restart: { short: 'Restart stragglers.', why: () => 'A new restart id for workloads that did not follow.', back: notMerged },
}

// What Go's int holds on the platforms of Argo CD.
const [leastInt, mostInt] = [-(2n ** 63n), 2n ** 63n - 1n]

/** Argo CD's sync wave by annotations (gitops-engine v3.5.1, syncwaves/waves.go): what strconv.Atoi does not take counts as 0. */
export function syncWaveOf(annotations: Readonly<Record<string, string>>): number {
  const [, sign, digits] = /^([+-]?)(\d+)$/.exec(annotations['argocd.argoproj.io/sync-wave'] ?? '') ?? []
  if (digits === undefined) return 0
  const wave = sign === '-' ? -BigInt(digits) : BigInt(digits)
  return wave < leastInt || wave > mostInt ? 0 : Number(wave)
}

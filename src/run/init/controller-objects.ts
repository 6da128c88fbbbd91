import { parseYamlFile } from '../../base/index.ts'
import type { Finding, YamlDocument, YamlPath } from '../../base/index.ts'
import type { Files } from '../../ports.ts'

/** An object of Flux or Argo CD, as a file has it: nothing is built. */
export interface ControllerObject {
  readonly kind: string
  readonly file: string
  text(...path: readonly string[]): string | null
  lineOf(path: YamlPath): number
  /** Where the first text stands that is looked for; `null` if none is. */
  find(wanted: (text: string, key: string | number | undefined) => boolean): YamlPath | null
}

/** What the files of a repository show of the objects by which Flux and Argo CD are told what to apply, and what they hide. */
export interface ControllerObjects {
  readonly objects: readonly ControllerObject[]
  /** Files that may hold such an object and cannot be read, and objects of which a part is sealed. */
  readonly hidden: readonly Finding[]
}

// One of these stands in the apiVersion of every object that counts; parsing all other files would take seconds.
const groups = ['argoproj.io/', 'kustomize.toolkit.fluxcd.io/', 'source.toolkit.fluxcd.io/', 'fluxcd.controlplane.io/'] as const
const kinds: ReadonlySet<string> = new Set([...['Application', 'ApplicationSet', 'Kustomization', 'GitRepository', 'FluxInstance']])
// A file that was sealed without `encrypted_regex` does not even show what it is.
const sealedKind = 'kind: ENC['

/** Reads them. Templates of charts are passed over: they are no YAML, and whoever installs the chart is judged where that is written. */
export function readControllerObjects(files: Files, ignore: string): ControllerObjects {
  const all = files.list()
  const charts = new Set(all.filter((path) => /(^|\/)Chart\.yaml$/.test(path)).map((path) => path.replace(/Chart\.yaml$/, 'templates/')))
  const objects: ControllerObject[] = []
  const hidden: Finding[] = []
  for (const file of all) {
    if (!/\.(ya?ml|json)$/.test(file) || file.startsWith(`${ignore}/`) || isTemplate(file, charts)) continue
    const bytes = files.read(file)
    if (bytes === null || !holdsAny(bytes, [...groups, sealedKind])) continue
    const { documents, findings } = parseYamlFile(bytes, file)
    const [first] = findings
    if (first !== undefined) hidden.push(first)
    for (const document of documents) {
      const object = objectOf(document, file)
      if (object === null) continue
      objects.push(object)
      const at = object.find(isSealedText)
      if (at !== null) hidden.push(sealedObject(object, at))
    }
  }
  return { objects, hidden }
}

function isTemplate(file: string, charts: ReadonlySet<string>): boolean {
  return file.includes('templates/') && [...charts].some((folder) => file.startsWith(folder))
}

function holdsAny(bytes: Uint8Array, words: readonly string[]): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return words.some((word) => buffer.includes(word))
}

function objectOf(document: YamlDocument, file: string): ControllerObject | null {
  const text = (...path: readonly string[]): string | null => textAt(document.value, path)
  const [apiVersion, kind] = [text('apiVersion') ?? '', text('kind') ?? '']
  const isSealed = isSealedText(apiVersion) && isSealedText(kind)
  if (!isSealed && !(kinds.has(kind) && groups.some((group) => apiVersion.startsWith(group)))) return null
  return { kind, file, text, lineOf: (path) => document.lineOf(path), find: (wanted) => pathTo(document.value, wanted, []) }
}

function textAt(value: unknown, path: readonly string[]): string | null {
  const found = path.reduce<unknown>((at, key) => (isMap(at) ? at[key] : undefined), value)
  return typeof found === 'string' ? found : null
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How SOPS writes a value that it has encrypted. */
export function isSealedText(text: string): boolean {
  return text.startsWith('ENC[')
}

/** SOPS's own entry is no part of the object. */
function pathTo(value: unknown, wanted: Parameters<ControllerObject['find']>[0], at: YamlPath): YamlPath | null {
  if (typeof value === 'string') return wanted(value, at.at(-1)) ? at : null
  const children = Array.isArray(value)
    ? value.map((child: unknown, index) => [index, child] as const)
    : Object.entries(isMap(value) ? value : {}).filter(([key]) => at.length > 0 || key !== 'sops')
  for (const [key, child] of children) {
    const found = pathTo(child, wanted, [...at, key])
    if (found !== null) return found
  }
  return null
}

function sealedObject({ kind, file, text, lineOf }: ControllerObject, at: YamlPath): Finding {
  const name = text('metadata', 'name')
  return {
    id: 'workloads/sealed-object',
    severity: 'error',
    place: { file, line: lineOf(at), ...(isSealedText(kind) || name === null ? {} : { object: `${kind} ${name}` }) },
    message: isSealedText(kind)
      ? 'the file is sealed as a whole, so what it defines is unknown'
      : 'a part of it is sealed, so what it applies, and where, is unknown',
    expected: 'an object that Git shows; only the values of Secrets need sealing',
    found: `${at.join('.')}: ENC[…]`,
    remedy: 'unseal it (`sops decrypt --in-place FILE`), or seal no more than its secret values: encrypted_regex in .sops.yaml',
  }
}

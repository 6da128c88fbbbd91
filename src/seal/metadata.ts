import type { Tree, TreeNode } from './document.ts'
import { isList, isTree } from './document.ts'
import type { WrappedKey } from './data-key.ts'
import { defaultSelector, selectorKinds } from './selector.ts'
import type { Selector } from './selector.ts'

/** What a sealed file says about itself, in the clear. */
export interface SealedFacts {
  /** Every recipient, written as in a `CreationRule`. */
  readonly recipients: readonly string[]
  /** The recipients of its `age:` list. */
  readonly age: readonly string[]
  readonly selector: Selector
  readonly macOnlyEncrypted: boolean
  /** RFC 3339, as it is written: the MAC is bound to these bytes. */
  readonly lastModified: string
  /** The version of SOPS that wrote it. */
  readonly version: string
  /** Whether several key groups share the data key, by Shamir's scheme. */
  readonly isShamir: boolean
}

/** The `sops:` block of a sealed file. */
export interface Metadata {
  readonly facts: SealedFacts
  readonly mac: string
  readonly ageKeys: readonly WrappedKey[]
}

/** What is wrong with a `sops:` block. Nothing in it is secret. */
export interface MetadataProblem {
  /** The key of the block that it is about; `null`: the block. */
  readonly key: string | null
  readonly message: string
  readonly expected: string
  readonly found: string
}

const keyLists = ['kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault', 'age', 'pgp'] as const

/** Reads a `sops:` block. @returns its problems, if it has any; never an error. */
export function readMetadata(block: Tree): Metadata | { readonly problems: readonly MetadataProblem[] } {
  const problems: MetadataProblem[] = []
  const lastModified = readLastModified(block, problems)
  const mac = requiredText(block, 'mac', problems)
  const version = readVersion(block, problems)

  const selectors = selectorKinds.flatMap((kind) => {
    const value = textOf(block.get(kind))
    return value === null || value === '' ? [] : [{ kind, value }]
  })
  if (selectors.length > 1)
    problems.push({
      key: selectors[1]?.kind ?? null,
      message: 'two settings say which values are encrypted',
      expected: 'one of them',
      found: selectors.map(({ kind }) => kind).join(' and '),
    })
  const groups = block.get('key_groups') ?? null
  const holders = [
    block,
    ...(groups !== null && isList(groups) ? groups.filter((group) => group !== null && isTree(group)) : []),
  ] as readonly Tree[]
  const keys = holders.flatMap((holder) => keyLists.flatMap((list) => readKeys(holder.get(list) ?? null, list, problems)))
  if (keys.length === 0 && problems.every(({ key }) => key === null || !keyLists.some((list) => list === key)))
    problems.push({
      key: null,
      message: 'the file names no recipient whose kind is known',
      expected: `an entry under ${keyLists.join(', ')} or key_groups`,
      found: [...block.keys()].join(', '),
    })
  if (problems.length > 0 || lastModified === null || mac === null || version === null) return { problems }

  const macOnly = block.get('mac_only_encrypted') ?? null
  const age = keys.filter(({ list }) => list === 'age')
  return {
    mac,
    ageKeys: age.map(({ name, enc }) => ({ recipient: name, enc })),
    facts: {
      recipients: keys.map(({ list, name }) => (list === 'age' ? name : `${list}:${name}`)),
      age: age.map(({ name }) => name),
      selector: selectors[0] ?? defaultSelector,
      macOnlyEncrypted: macOnly !== null && !isTree(macOnly) && !isList(macOnly) && macOnly.text.toLowerCase() === 'true',
      lastModified,
      version,
      isShamir: holders.length > 2,
    },
  }
}

interface ReadKey {
  readonly list: (typeof keyLists)[number]
  readonly name: string
  readonly enc: string
}

function readKeys(node: TreeNode, list: (typeof keyLists)[number], problems: MetadataProblem[]): readonly ReadKey[] {
  if (node === null) return []
  if (!isList(node)) {
    problems.push({ key: list, message: `${list} is not a list`, expected: 'a list of keys', found: isTree(node) ? 'a map' : 'a text' })
    return []
  }
  return node.flatMap((item) => {
    const key = item !== null && isTree(item) ? item : new Map<string, TreeNode>()
    const name = nameOf(key, list)
    const enc = textOf(key.get('enc')) ?? ''
    if (name !== null && enc !== '') return [{ list, name, enc }]
    const lacking = name === null ? 'one without a name' : 'one without enc'
    problems.push({
      key: list,
      message: `an entry of ${list} names no key, or holds none`,
      expected: 'entries with a name and enc',
      found: lacking,
    })
    return []
  })
}

function nameOf(key: Tree, list: (typeof keyLists)[number]): string | null {
  const text = (field: string): string | null => textOf(key.get(field))
  switch (list) {
    case 'age':
      return text('recipient')
    case 'pgp':
      return text('fp')
    case 'kms':
      return text('arn')
    case 'gcp_kms':
      return text('resource_id')
    case 'hckms':
      return text('key_id')
    case 'azure_kv':
      return joined([text('vault_url')?.replace(/\/$/, '') ?? null, 'keys', text('name'), text('version')])
    case 'hc_vault':
      return joined([text('vault_address'), 'v1', text('engine_path'), 'keys', text('key_name')])
    default:
      return list satisfies never
  }
}

function joined(parts: readonly (string | null)[]): string | null {
  return parts.includes(null) ? null : parts.join('/')
}

function readLastModified(block: Tree, problems: MetadataProblem[]): string | null {
  const text = requiredText(block, 'lastmodified', problems)
  if (text !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(text))
    problems.push({ key: 'lastmodified', message: 'lastmodified is no time', expected: 'an RFC 3339 time in quotes', found: shown(text) })
  return text
}

// sops 1.x, which was written in Python, counted in two parts; sops 3 does not read them (stores.go, version: semver).
function readVersion(block: Tree, problems: MetadataProblem[]): string | null {
  const text = requiredText(block, 'version', problems)
  if (text !== null && !/^\d+\.\d+\.\d+/.test(text)) {
    const message = /^1\.\d+$/.test(text) ? 'the file was sealed by sops 1.x, which sops 3 does not read' : 'version is no version of sops'
    problems.push({ key: 'version', message, expected: 'a version such as 3.13.0', found: shown(text) })
  }
  return text
}

function requiredText(block: Tree, key: string, problems: MetadataProblem[]): string | null {
  const text = textOf(block.get(key))
  if (text !== null && text !== '') return text
  problems.push({
    key,
    message: `${key} is missing, or not a text`,
    expected: 'a text',
    found: block.has(key) ? 'something else' : 'nothing',
  })
  return null
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40))
}

function textOf(node: TreeNode | undefined): string | null {
  return node !== undefined && node !== null && !isTree(node) && !isList(node) && node.type === 'str' ? node.text : null
}

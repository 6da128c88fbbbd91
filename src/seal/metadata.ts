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

const keyLists = ['kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault', 'age', 'pgp'] as const

/** Reads a `sops:` block. @returns its problems, if it has any; never an error. */
export function readMetadata(block: Tree): Metadata | { readonly problems: readonly string[] } {
  const problems: string[] = []
  const lastModified = requiredText(block, 'lastmodified', problems)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(lastModified))
    problems.push('lastmodified is not an RFC 3339 time in quotes')
  const mac = requiredText(block, 'mac', problems)
  const version = requiredText(block, 'version', problems)
  if (!/^\d+\.\d+\.\d+/.test(version)) problems.push('version is not a version of SOPS')

  const selectors = selectorKinds.flatMap((kind) => {
    const value = textOf(block.get(kind))
    return value === null || value === '' ? [] : [{ kind, value }]
  })
  if (selectors.length > 1) problems.push(`${selectors.map(({ kind }) => kind).join(' and ')} exclude each other`)
  const groups = block.get('key_groups') ?? null
  const holders = [
    block,
    ...(groups !== null && isList(groups) ? groups.filter((group) => group !== null && isTree(group)) : []),
  ] as readonly Tree[]
  const keys = holders.flatMap((holder) => keyLists.flatMap((list) => readKeys(holder.get(list) ?? null, list, problems)))
  if (keys.length === 0) problems.push('no recipients')
  if (problems.length > 0) return { problems: [...new Set(problems)] }

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

function readKeys(node: TreeNode, list: (typeof keyLists)[number], problems: string[]): readonly ReadKey[] {
  if (node === null) return []
  if (!isList(node)) {
    problems.push(`${list} is not a list`)
    return []
  }
  return node.flatMap((item) => {
    const key = item !== null && isTree(item) ? item : new Map<string, TreeNode>()
    const name = nameOf(key, list)
    const enc = textOf(key.get('enc')) ?? ''
    if (name !== null && enc !== '') return [{ list, name, enc }]
    problems.push(`an entry of ${list} names no key, or holds none`)
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

function requiredText(block: Tree, key: string, problems: string[]): string {
  const text = textOf(block.get(key))
  if (text === null || text === '') problems.push(`${key} is missing, or not a text`)
  return text ?? ''
}

function textOf(node: TreeNode | undefined): string | null {
  return node !== undefined && node !== null && !isTree(node) && !isList(node) && node.type === 'str' ? node.text : null
}

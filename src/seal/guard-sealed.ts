import { RerootError } from '../base/index.ts'
import type { Finding, FindingId } from '../base/index.ts'
import { isEncryptedValue } from './cipher.ts'
import { clearSecretValues } from './clear-secret.ts'
import { describeRule } from './creation-rule.ts'
import type { CreationRule } from './creation-rule.ts'
import { documentOf, leavesOf, treeOf } from './document.ts'
import type { PlainDocument, TreePath } from './document.ts'
import { clearFindings } from './guard-clear.ts'
import { keyMaterialFindings } from './guard-change.ts'
import { sameRecipients } from './recipient.ts'
import { parseSealed } from './sealed.ts'
import type { Sealed } from './sealed.ts'
import { encryptedPaths, isCommentSelector, sameSelector } from './selector.ts'

declare const brand: unique symbol

/** The text of a sealed file that passed the guard. Only `sealedText` makes one. */
export type SealedText = string & { readonly [brand]: 'SealedText' }

export interface GuardedText {
  readonly text: string
  readonly file: string
  readonly rule: CreationRule
  /** What was sealed, when it is at hand: then the file must say the same in the clear, and no sealed line of it may be left in the text. */
  readonly document?: PlainDocument
}

/**
 * The last gate of both engines, because `sops` itself lets documents through in the clear (facts: an encrypted_regex that does not
 * compile or does not match is passed over).
 * @throws RerootError SEAL_REFUSED with all findings.
 */
export function sealedText(guarded: GuardedText): SealedText {
  const findings = guardSealed(guarded).filter(({ severity }) => severity === 'error')
  const [first] = findings
  if (first === undefined) return guarded.text as SealedText
  throw new RerootError('SEAL_REFUSED', `${guarded.file} was not sealed as it must be: ${first.message}`, { hint: first.remedy, findings })
}

/**
 * Whether a file is sealed as its rule says: its recipients and settings, a strict `ENC[…]` wherever the rule encrypts, at least one
 * of them, no key and no plaintext anywhere. Needs no identity; says nothing about the MAC.
 */
export function guardSealed(guarded: GuardedText): readonly Finding[] {
  const { text, file, rule, document } = guarded
  const bytes = Buffer.from(text, 'utf8')
  let sealed: Sealed | null
  try {
    sealed = parseSealed(bytes, file)
  } catch (error) {
    if (error instanceof RerootError) return [...error.findings, ...keyMaterialFindings(bytes, file)]
    throw error
  }
  if (sealed === null) {
    return [
      refusal('sops/document', file, 1, 'the file is not sealed: it has no sops block', 'seal it with sops'),
      ...keyMaterialFindings(bytes, file),
    ]
  }
  const findings = [
    ...settingsFindings(sealed, rule),
    ...valueFindings(sealed),
    ...kindFindings(sealed),
    ...keyMaterialFindings(bytes, file),
    ...(document === undefined ? [] : plaintextFindings(sealed, document)),
  ]
  return document === undefined || findings.some(({ severity }) => severity === 'error')
    ? findings
    : [...findings, ...clearFindings(sealed, document)]
}

function settingsFindings({ facts, file, lineOf }: Sealed, rule: CreationRule): readonly Finding[] {
  const isSame =
    sameSelector(facts.selector, rule.selector) &&
    facts.macOnlyEncrypted === rule.macOnlyEncrypted &&
    sameRecipients(rule.recipients, facts.recipients) &&
    facts.isShamir === rule.needsSops.includes('shamir')
  if (isSame) return []
  return [
    {
      ...refusal(
        'sops/settings',
        file,
        lineOf(['sops']),
        `the file is not sealed as the rule at ${rule.place.file}:${rule.place.line} says`,
        'run `sops updatekeys` and `sops rotate` for recipients; for other settings, seal the file again',
      ),
      expected: describeRule(rule),
      found: describeRule({ ...rule, ...facts }),
    },
  ]
}

function valueFindings(sealed: Sealed): readonly Finding[] {
  const { file, tree, facts } = sealed
  const clear = (path: TreePath): Finding =>
    refusal(
      'sops/clear-value',
      file,
      sealed.lineOf(path),
      `the value at ${path.join('.')} is not encrypted`,
      'seal the file again; treat the value as known',
    )
  const leaves = leavesOf(tree)
  const values = clearSecretValues(documentOf(tree)).map(({ path }) => clear(path.map(String)))
  if (!leaves.some(({ leaf }) => leaf.type === 'str' && isEncryptedValue(leaf.text))) {
    values.push(
      refusal(
        'sops/clear-value',
        file,
        1,
        'nothing in the file is encrypted',
        `see whether ${facts.selector.kind} matches a key of it: sops passes over one that does not`,
      ),
    )
  }
  if (isCommentSelector(facts.selector)) return values
  const encrypted = selected(sealed)
  if (encrypted === null)
    return [
      ...values,
      refusal(
        'sops/regex',
        file,
        sealed.lineOf(['sops']),
        `${facts.selector.kind} does not compile as RE2`,
        'mend the rule and seal the file again',
      ),
    ]
  const known = new Set(values.map(({ message }) => message))
  for (const { leaf, path } of leaves) {
    if (!encrypted(path) || (leaf.type === 'str' && (leaf.text === '' || isEncryptedValue(leaf.text)))) continue
    const finding = clear(path)
    if (!known.has(finding.message)) values.push(finding)
  }
  return values
}

/** @returns `null` if comments decide, or the expression does not compile. */
function selected({ facts }: Sealed): ((path: TreePath) => boolean) | null {
  if (isCommentSelector(facts.selector)) return null
  try {
    return encryptedPaths(facts.selector)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

// Controllers find an object by these. (KSOPS opens the file first, and can live with it.)
function kindFindings({ file, tree, lineOf }: Sealed): readonly Finding[] {
  const sealedKeys = ['apiVersion', 'kind'].filter((key) => {
    const [found] = leavesOf(new Map([[key, tree.get(key) ?? null]]))
    return found !== undefined && isEncryptedValue(found.leaf.text)
  })
  if (sealedKeys.length === 0) return []
  const finding = refusal(
    'sops/encrypted-kind',
    file,
    lineOf(sealedKeys),
    `${sealedKeys.join(' and ')} of the object is encrypted: Flux cannot build it`,
    'set encrypted_regex to ^(data|stringData)$ in .sops.yaml, and seal the file again',
  )
  return [{ ...finding, severity: 'warning' }]
}

// Shorter lines may stand in a name or in base64 by chance.
const shortestTelling = 16

function plaintextFindings(sealed: Sealed, document: PlainDocument): readonly Finding[] {
  const { file, text } = sealed
  const tree = treeOf(document)
  const encrypted = selected(sealed) ?? (() => true)
  const leaves = leavesOf(tree)
  const clear = leaves
    .filter(({ path }) => !encrypted(path))
    .map(({ leaf }) => leaf.text)
    .join('\n')
  const left = leaves.filter(
    ({ leaf, path }) => encrypted(path) && linesOf(leaf.text).some((line) => text.includes(line) && !clear.includes(line)),
  )
  return left.map(({ path }) =>
    refusal(
      'sops/clear-value',
      file,
      1,
      `a line of the value at ${path.join('.')} stands in the clear elsewhere in the file`,
      'remove it from keys and comments',
    ),
  )
}

function linesOf(value: string): readonly string[] {
  return value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= shortestTelling && !line.startsWith('ENC['))
}

function refusal(id: FindingId, file: string, line: number, message: string, remedy: string): Finding {
  return { id, severity: 'error', place: { file, line }, message, remedy }
}

import { parseYamlFile } from '../../../src/base/index.ts'
import { applySplices } from '../../../src/plan/edits/index.ts'
import type { Splice } from '../../../src/plan/edits/index.ts'

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** The text after an edit. */
export function edited(text: string, edit: (bytes: Uint8Array) => readonly Splice[]): string {
  const bytes = bytesOf(text)
  return textOf(applySplices(bytes, edit(bytes)))
}

export function valuesOf(text: string): readonly unknown[] {
  return parseYamlFile(bytesOf(text), 'test.yaml').documents.map(({ value }) => value)
}

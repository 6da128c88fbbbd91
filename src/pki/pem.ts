/** Where a PEM block stands, and what it says it is. */
export interface PemPlace {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly type: string
  /** Line of BEGIN, from 1. */
  readonly line: number
  /** Whether lines such as `Proc-Type: 4,ENCRYPTED` stand before the base64. Go skips certificates that have them. */
  readonly hasHeaders: boolean
}

/** One PEM block, as Go's `pem.Decode` sees it. */
export interface PemBlock extends PemPlace {
  /** From its BEGIN line to its END line, as written, without the line break after it. */
  readonly text: string
  /** What its base64 holds. */
  readonly der: Uint8Array
}

/** Why Go does not see something that looks like a block. */
export type PemFaultKind =
  /** `-----END …----------BEGIN …-----` on one line: files were joined without a line break. */
  | 'glued'
  /** A BEGIN without an END of the same type, or the reverse. */
  | 'unpaired'
  /** A BEGIN or END that is malformed, or does not stand alone on its line. */
  | 'bad-boundary'
  /** What stands between is no base64. */
  | 'bad-base64'

export interface PemFault {
  readonly kind: PemFaultKind
  readonly line: number
}

/** The shape of a PEM file. Holds nothing of what is in its blocks, or between them, so that of a key may be told. */
export interface PemShape {
  readonly blocks: readonly PemPlace[]
  readonly faults: readonly PemFault[]
  /** Lines (from 1) outside blocks that are not blank and that no fault explains: comments, mostly. */
  readonly stray: readonly number[]
  /** Line of the first carriage return; `null` if there is none. */
  readonly carriageReturn: number | null
  /** Whether the text is empty or its last line ends. Without it, appending to the file glues two blocks. */
  readonly endsInNewline: boolean
}

/** A PEM file taken apart. */
export interface PemBlocks extends PemShape {
  readonly blocks: readonly PemBlock[]
}

type State = { readonly in: 'outside' } | { readonly in: 'block'; readonly type: string; readonly index: number } | { readonly in: 'lost' }
type LineKind =
  | { readonly is: 'begin' | 'end'; readonly type: string }
  | { readonly is: 'odd'; readonly fault: 'glued' | 'bad-boundary' }
  | { readonly is: 'other' }

/**
 * Takes a PEM file apart, with Go's idea of what a block is (encoding/pem; istiod reads with it): BEGIN at the start of a line, END
 * of the same type alone on its line, base64 between. Never throws: what Go would skip becomes a fault.
 */
export function splitPem(text: string): PemBlocks {
  const lines = text.split('\n')
  const blocks: PemBlock[] = []
  const faults: PemFault[] = []
  const stray: number[] = []

  // 'lost' is what Go skips after a broken boundary: up to the next END, or a BEGIN of its own.
  let state: State = { in: 'outside' }
  for (const [index, line] of lines.entries()) {
    // Go takes a carriage return for part of the line break only where there is a line break.
    const kind = lineKind(index < lines.length - 1 ? line.replace(/\r$/, '') : line)
    if (kind.is === 'other') {
      if (state.in === 'outside' && line.trim() !== '') stray.push(index + 1)
    } else if (kind.is === 'odd') {
      faults.push({ kind: kind.fault, line: index + 1 })
      state = { in: 'lost' }
    } else if (kind.is === 'begin') {
      if (state.in === 'block') faults.push({ kind: 'unpaired', line: state.index + 1 })
      state = { in: 'block', type: kind.type, index }
    } else {
      const found = closeBlock(state, lines, index, kind.type)
      if (found !== null && 'der' in found) blocks.push(found)
      else if (found !== null) faults.push(found)
      state = { in: 'outside' }
    }
  }
  if (state.in === 'block') faults.push({ kind: 'unpaired', line: state.index + 1 })

  const carriageReturn = lines.findIndex((line) => line.includes('\r'))
  return {
    blocks,
    faults,
    stray,
    carriageReturn: carriageReturn < 0 ? null : carriageReturn + 1,
    endsInNewline: text === '' || text.endsWith('\n'),
  }
}

/** The file without its bytes. */
export function shapeOf(file: PemBlocks): PemShape {
  return { ...file, blocks: file.blocks.map(({ type, line, hasHeaders }) => ({ type, line, hasHeaders })) }
}

/** Writes one block: base64 in lines of 64, LF, a final newline. */
export function writePem(type: string, der: Uint8Array): string {
  const body =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${type}-----\n${body.map((line) => `${line}\n`).join('')}-----END ${type}-----\n`
}

// A label that is no label could be anything, so it is never taken for a type: types are shown to people.
const boundary = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,39})-----$/

function lineKind(line: string): LineKind {
  if (!line.includes('-----')) return { is: 'other' }
  const match = boundary.exec(withoutSpacesBehind(line))
  if (match !== null) return { is: match[1] === 'BEGIN' ? 'begin' : 'end', type: match[2] ?? '' }
  if (line.split(/[\r\u2028\u2029]/).some(isGlued)) return { is: 'odd', fault: 'glued' }
  return /-----(BEGIN|END) /.test(line) ? { is: 'odd', fault: 'bad-boundary' } : { is: 'other' }
}

function withoutSpacesBehind(line: string): string {
  let end = line.length
  while (line[end - 1] === ' ' || line[end - 1] === '\t') end--
  return line.slice(0, end)
}

function isGlued(line: string): boolean {
  const end = line.indexOf('-----END ')
  return end !== -1 && line.includes('-----BEGIN ', end + '-----END '.length)
}

/** @returns `null` if the END belongs to something that was reported already. */
function closeBlock(state: State, lines: readonly string[], end: number, type: string): PemBlock | PemFault | null {
  if (state.in === 'lost') return null
  if (state.in === 'outside') return { kind: 'unpaired', line: end + 1 }
  const line = state.index + 1
  if (state.type !== type) return { kind: 'unpaired', line }

  const inside = lines.slice(state.index + 1, end)
  const headers = inside.findIndex((text) => !text.includes(':'))
  const firstOfBody = headers < 0 ? inside.length : headers
  const base64 = inside
    .slice(firstOfBody)
    .join('')
    .replace(/[ \t\r]/g, '')
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return { kind: 'bad-base64', line }
  return { type, text: lines.slice(state.index, end + 1).join('\n'), der: Buffer.from(base64, 'base64'), line, hasHeaders: firstOfBody > 0 }
}

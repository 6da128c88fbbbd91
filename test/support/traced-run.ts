import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

/** What a run let out of its memory. */
export interface Traced {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Everything that any of its processes wrote, by where it went, in order; and every argument and environment of a program that it started. */
  readonly outlets: ReadonlyMap<string, Buffer>
  /** The programs that were started, by their path. */
  readonly programs: readonly string[]
}

// Every call by which bytes leave a process: into files, pipes, sockets; to the next program.
const writes = [
  'write',
  'pwrite64',
  'writev',
  'pwritev',
  'pwritev2',
  'sendto',
  'sendmsg',
  'sendmmsg',
  'sendfile',
  'splice',
  'tee',
  'vmsplice',
  'copy_file_range',
]
const names = [
  'open',
  'openat',
  'openat2',
  'creat',
  'mkdir',
  'mkdirat',
  'rename',
  'renameat',
  'renameat2',
  'symlink',
  'symlinkat',
  'link',
  'linkat',
  'setxattr',
  'memfd_create',
  'prctl',
]
const starts = ['execve', 'execveat']

/**
 * Runs a program under `strace -f`.
 * @param exempt a program whose pipes may carry secrets: what goes into them and comes out of them is left out.
 */
export async function runTraced(
  command: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly folder: string; readonly exempt?: string },
): Promise<Traced> {
  const log = join(options.folder, `trace-${process.pid}-${Math.random().toString(36).slice(2)}`)
  const trace = [...starts, ...writes, ...names, 'dup2', 'dup3', 'io_uring_setup'].join()
  const { exitCode, stdout, stderr } = await execa(
    'strace',
    ['-f', '--seccomp-bpf', '-yy', '-v', '-xx', '-s', '33554432', '-e', `trace=${trace}`, '-e', 'signal=none', '-o', log, '--', ...command],
    { cwd: options.cwd, env: options.env, extendEnv: false, reject: false, stdin: 'ignore', stripFinalNewline: false, maxBuffer: 1 << 28 },
  )
  const lines = readFileSync(log, 'latin1').split('\n')
  rmSync(log)
  return { exitCode: exitCode ?? -1, stdout, stderr, ...readTrace(lines, options.exempt ?? null) }
}

function readTrace(lines: readonly string[], exempt: string | null): Pick<Traced, 'outlets' | 'programs'> {
  const exempted = exempt === null ? new Set<string>() : socketsOf(lines, exempt)
  const outlets = new Map<string, Buffer[]>()
  const programs: string[] = []
  const add = (where: string, bytes: Buffer): void => {
    outlets.set(where, [...(outlets.get(where) ?? []), bytes])
  }
  for (const line of lines) {
    const [, call = '', rest = ''] = /^\d+ +([a-z0-9_]+)\((.*)$/.exec(line) ?? []
    if (call === '' || rest === '') continue
    // With it, strace would not see what is written.
    if (call === 'io_uring_setup' && /= \d+$/.test(rest)) throw new Error('the program uses io_uring: run it with UV_USE_IO_URING=0')
    const texts = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => bytesOf(hex))
    if (/"(?:\\x[0-9a-f]{2})*"\.\.\./.test(rest)) throw new Error(`strace cut a ${call} short`)
    if (starts.includes(call)) {
      if (/= 0$|<unfinished/.test(rest)) programs.push(texts[0]?.toString() ?? '')
      add(`arguments and environment of ${texts[0]?.toString() ?? ''}`, Buffer.concat(texts.flatMap((text) => [text, Buffer.from('\n')])))
    } else if (writes.includes(call)) {
      const where = placeOf(rest)
      if (![...exempted].some((socket) => where.includes(socket))) add(`${call} to ${where}`, Buffer.concat(texts))
    } else if (call !== 'dup2' && call !== 'dup3') {
      add(`names in ${call}`, Buffer.concat(texts.flatMap((text) => [text, Buffer.from('\n')])))
    }
  }
  return { outlets: new Map([...outlets].map(([where, parts]) => [where, Buffer.concat(parts)])), programs }
}

/** `12</tmp/x>` of a call’s first argument, in the clear. */
function placeOf(rest: string): string {
  const [, number = '', name = ''] = /^(\d+)(?:<(.*?)>)?[,)]/.exec(rest.replaceAll('->', '→')) ?? []
  return `${number}<${bytesOf(name).toString() || name}>`.replaceAll('→', '->')
}

/** The sockets that a program has as stdin and stdout, by their inodes. */
function socketsOf(lines: readonly string[], program: string): ReadonlySet<string> {
  const ends = new Map<string, string[]>()
  const found = new Set<string>()
  for (const line of lines) {
    const [, pid = '', call = '', rest = ''] = /^(\d+) +([a-z0-9_]+)\((.*)$/.exec(line) ?? []
    if (call === 'dup2' || call === 'dup3') {
      const inodes = /^\d+<[A-Z-]*:?\[(\d+)->(\d+)\]>, ([01])[<,)]/.exec(rest)
      if (inodes !== null) ends.set(pid, [...(ends.get(pid) ?? []), `[${inodes[1]}->${inodes[2]}]`, `[${inodes[2]}->${inodes[1]}]`])
    } else if (call === 'execve' && /= 0$|<unfinished/.test(rest)) {
      const [, hex = ''] = /^"((?:\\x[0-9a-f]{2})*)"/.exec(rest) ?? []
      if (bytesOf(hex).toString() === program) for (const socket of ends.get(pid) ?? []) found.add(socket)
    }
  }
  return found
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex')
}

import { createInterface } from 'node:readline/promises'
import { RerootError } from '../base/index.ts'
import type { Terminal } from '../ports.ts'

interface Streams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** The person's terminal: talk goes to stderr, so that stdout holds data only; questions need a TTY on both sides. */
export function openTerminal(streams: Streams = { input: process.stdin, output: process.stderr }): Terminal {
  const { input, output } = streams
  const interactive = input.isTTY === true && output.isTTY === true
  return {
    interactive,
    say(line) {
      output.write(`${line}\n`)
    },
    async ask(question) {
      if (!interactive) {
        throw new RerootError('USAGE', `cannot ask "${question.trim()}": this is not a terminal`, {
          hint: 'give the answer as a flag; `--help` lists them',
        })
      }
      return askLine(streams, question)
    },
  }
}

async function askLine({ input, output }: Streams, question: string): Promise<string> {
  const lines = createInterface({ input, output, terminal: true })
  // readline's question never settles when its input ends, and Ctrl-C in raw mode is a byte, not a signal.
  const broken = new Promise<never>((_, reject) => {
    const stop = (): void =>
      reject(new RerootError('ENVIRONMENT', 'the question was not answered', { hint: 'nothing was changed; run the command again' }))
    lines.once('SIGINT', stop)
    lines.once('close', stop)
  })
  try {
    return await Promise.race([lines.question(`${question.trimEnd()} `), broken])
  } finally {
    lines.close()
  }
}

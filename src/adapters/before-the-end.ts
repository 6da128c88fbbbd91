/** Programs end before the folders go that they write into. */
const order = ['programs', 'folders'] as const

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const tasks = new Map<(typeof order)[number], () => void>()

/** Has something done before the process ends, by a signal or otherwise; `null`: there is nothing to do any more. */
export function beforeTheEnd(what: (typeof order)[number], task: (() => void) | null): void {
  const before = tasks.size
  if (task === null) tasks.delete(what)
  else tasks.set(what, task)
  if (before === 0 && tasks.size > 0) {
    for (const signal of signals) process.on(signal, leave)
    process.on('exit', doAll)
  }
  if (before > 0 && tasks.size === 0) {
    for (const signal of signals) process.off(signal, leave)
    process.off('exit', doAll)
  }
}

function leave(signal: NodeJS.Signals): void {
  doAll()
  for (const what of order) beforeTheEnd(what, null)
  // With the handlers gone the signal means what it means for everyone else: death by that signal.
  process.kill(process.pid, signal)
}

function doAll(): void {
  for (const what of order) {
    try {
      tasks.get(what)?.()
    } catch {
      // What cannot be done is no reason to leave out the rest, or to live on.
    }
  }
}

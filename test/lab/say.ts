/** A line for whoever watches the lab. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

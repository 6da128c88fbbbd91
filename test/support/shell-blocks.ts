const noCommands = ['text', 'yaml', 'json', 'ts']

/** The blocks of commands in Markdown: all that do not say that they are something else. In a list they are indented. */
export function shellBlocks(markdown: string): readonly string[] {
  const blocks: string[] = []
  let language: string | null = null
  let lines: string[] = []
  for (const line of markdown.split('\n')) {
    const fence = /^ *```(\S*)/.exec(line)
    if (fence === null) lines.push(line)
    else if (language === null) [language, lines] = [fence[1] ?? '', []]
    else {
      if (!noCommands.includes(language)) blocks.push(lines.join('\n'))
      language = null
    }
  }
  return blocks
}

/**
 * The lines of a block that zsh does not read as `sh` does when somebody pastes them. Without `setopt interactive_comments` it takes `#` and what
 * follows for arguments, and a quote in it waits for its end; a pattern that no file matches is an error; `!` and `^` are history, also in double quotes;
 * a word that begins with `=` is the path of a program.
 */
export function notForZsh(block: string): readonly string[] {
  const bare = block
    .replaceAll('\\\n', '  ')
    .replaceAll(/\\.|'[^']*'|"(?:\\.|[^"\\])*"/gs, (quoted) => (quoted.startsWith('"') && quoted.includes('!') ? '!' : 'quoted'))
  return bare
    .split('\n')
    .filter((line) => [/(^|[\s;|&(])#/, /[*!^]|(?<!\$)\?|\[(?! )/, /(^|\s)=\S/, /['"]/].some((sign) => sign.test(line)))
}

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord } from '../../src/plan/markdown.ts'

test.each(['origin/main:mesh-ca/clusters/prod/prepared/g2-staged.sops.yaml', 'a-b_c@d+e'])('%s needs no quotes', (text) => {
  expect(shellWord(text)).toBe(text)
})

test.each(['a b', "it's", '$HOME', '`id`', 'a;b', '"', 'wave-*', '~x', '', '\\', 'ü'])('%j is one word for a shell', (text) => {
  const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })
  expect(stdout).toBe(text)
})

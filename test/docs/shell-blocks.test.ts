import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { notForZsh, shellBlocks } from '../support/shell-blocks.ts'

const root = join(import.meta.dirname, '../..')
const inFolder = (folder: string): readonly string[] => readdirSync(join(root, folder)).map((name) => join(folder, name))
const pages = ['.', 'docs', 'test/lab'].flatMap(inFolder).filter((path) => path.endsWith('.md'))
const requests = ['argocd', 'flux'].flatMap((of) => inFolder(`test/golden/${of}`)).map((phase) => join(phase, 'pull-request.md'))

test('what people copy from the pages and the pull requests runs in zsh as it does in sh', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/rotation.md']))
  expect(requests).toHaveLength(8)
  for (const path of [...pages, ...requests])
    for (const block of shellBlocks(readFileSync(join(root, path), 'utf8'))) expect(notForZsh(block), `${path}:\n${block}`).toEqual([])
})

test.each([
  "kubectl get x -o jsonpath='{.data.state}'   # g2-staged",
  "# the operator's",
  'grep x | # the roots',
  'ls clusters/*/mesh-ca.yaml',
  'ls wave-?',
  'kubectl get x -o jsonpath={.items[0]}',
  'grep ^subject',
  'echo "done!"',
  '! grep x y',
  'echo =reroot',
  "echo it's",
])('%s does not', (line) => {
  expect(notForZsh(`first\n${line}\nlast`)).toHaveLength(1)
})

test.each([
  "awk '!/^a*#/ { print $1 } # \" [?]'",
  'echo "a # b * \\" [x]" $? a#b --set x=y',
  "reroot init \\\n  --mesh shop 'a\n # b'",
  'kubectl get x -o jsonpath={.data.state}',
])('%s does', (block) => {
  expect(notForZsh(block)).toEqual([])
})

test('a block is one of commands unless it says that it is something else, also in a list', () => {
  const markdown = '```yaml\na: b # c\n```\n1. so:\n   ```sh\n   one\n   ```\n```\ntwo\n```\nthree\n'

  expect(shellBlocks(markdown)).toEqual(['   one', 'two'])
})

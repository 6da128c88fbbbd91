import { RerootError } from '../base/index.ts'
import type { ProcessResult, SopsProgram } from '../ports.ts'
import { isList, isTree, leavesOf, treeOf } from './document.ts'
import type { PlainDocument, TreeNode } from './document.ts'
import type { SealEngine, SealRequest } from './engine.ts'
import { writeForGo } from './go-write.ts'
import { sealedText } from './guard-sealed.ts'

/** The first version that reads a document from stdin; before it, plaintext would have to touch the disk. */
const oldestVersion = [3, 10] as const

/**
 * Seals with the official `sops` program. It reads `.sops.yaml` itself; what it made of it is compared with our own reading
 * afterwards, and a difference is a refusal.
 * @param repositoryRoot gives the absolute path of the folder that the rules' files are relative to.
 */
export function sopsEngine(program: SopsProgram, repositoryRoot: () => Promise<string>): SealEngine {
  return {
    name: 'sops',
    async seal(request) {
      const { rule, document, path } = request
      await requireVersion(program)
      if (Object.hasOwn(document, 'sops')) {
        throw new RerootError('SEAL_REFUSED', `the document for ${path} has a key of its own that is called sops`, {
          hint: 'rename the key: SOPS keeps its block there',
        })
      }
      refuseMergeKeys(treeOf(document), path) // `treeOf` refuses what would not survive
      const folder = rule.place.file.includes('/') ? rule.place.file.slice(0, rule.place.file.lastIndexOf('/')) : ''
      // Relative to the folder of .sops.yaml, as path_regex is: the one form that every version reads alike.
      const relative = folder === '' ? path : path.slice(folder.length + 1)
      const root = await repositoryRoot()
      const result = await program.run(['encrypt', '--filename-override', relative, '--input-type', 'yaml', '--output-type', 'yaml'], {
        input: writeForGo(document),
        directory: folder === '' ? root : `${root}/${folder}`,
        withIdentities: false,
      })
      if (result.exitCode !== 0) throw failed(result, request)
      return sealedText({ text: result.stdout, file: path, rule, document })
    },
  }
}

/** sops writes a key `<<` as YAML's merge key, and then stops at it. */
function refuseMergeKeys(tree: TreeNode, path: string): void {
  if (tree === null || !(isTree(tree) || isList(tree))) return
  if (isTree(tree) && tree.has('<<'))
    throw new RerootError('SEAL_REFUSED', `the document for ${path} has a key \`<<\`, which sops could not read back`, {
      hint: 'rename the key',
    })
  for (const child of tree.values()) refuseMergeKeys(child, path)
}

async function requireVersion(program: SopsProgram): Promise<void> {
  const version = await program.version()
  if (version === null) throw new RerootError('SOPS_FAILED', 'there is no sops program on the PATH', { hint: 'install sops 3.10 or later' })
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1])) return
  throw new RerootError('SOPS_FAILED', `sops ${version} is too old: it cannot take a document from stdin`, {
    hint: 'install sops 3.10 or later',
  })
}

// Exit codes of cmd/sops/codes/codes.go. Only the code for keys and configuration comes with a text that cannot quote a value.
const exitConfiguration = 1

function failed({ exitCode, stderr }: ProcessResult, { rule, path, document }: SealRequest): RerootError {
  const reason = exitCode === exitConfiguration ? harmless(stderr, document) : ''
  return new RerootError('SOPS_FAILED', `sops could not seal ${path} (exit code ${exitCode})${reason === '' ? '' : `: ${reason}`}`, {
    hint: `check the rule at ${rule.place.file}:${rule.place.line} and the access to its keys; \`sops encrypt\` with any file at that path shows the same`,
  })
}

/** The program's message without colours, on one line, and only if it repeats no value of the document. */
function harmless(stderr: string, document: PlainDocument): string {
  const message = stderr
    .replaceAll(/\u001b\[[0-9;]*m/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 400)
  const values = leavesOf(treeOf(document)).flatMap(({ leaf }) => leaf.text.split('\n').map((line) => line.trim()))
  return values.some((line) => line.length >= 6 && message.includes(line)) ? '' : message
}

import { Confidential, RerootError } from '../base/index.ts'
import type { SopsProgram } from '../ports.ts'
import type { PlainDocument } from './document.ts'
import type { Sealed } from './sealed.ts'

// Exit codes of cmd/sops/codes/codes.go.
const exitMacMismatch = 51
const exitTreeAltered = 25
const exitNoKey = 128

/**
 * Opens a sealed file with the `sops` program, which verifies the MAC itself.
 * @returns `null` if the program is missing, or has no key for it.
 * @throws RerootError. What the program printed is not repeated: it quotes values that stand in the clear.
 */
export async function unsealWithSops(sealed: Sealed, program: SopsProgram): Promise<Confidential<PlainDocument> | null> {
  if ((await program.version()) === null) return null
  const args = ['decrypt', '--filename-override', sealed.file, '--input-type', 'yaml', '--output-type', 'json']
  // From the root folder: a broken .sops.yaml above the working folder would stop even a decryption.
  const { exitCode, stdout } = await program.run(args, { input: sealed.text, directory: '/', withIdentities: true })
  switch (exitCode) {
    case 0:
      return new Confidential(parsed(stdout, sealed.file))
    case exitNoKey:
      return null
    case exitMacMismatch:
    case exitTreeAltered:
      throw new RerootError('SEAL_REFUSED', `${sealed.file} was altered after it was sealed`, {
        hint: 'find out in the history of the file who changed it, and restore it; edit sealed files with `sops edit` only',
      })
    default:
      throw new RerootError('SOPS_FAILED', `sops could not open ${sealed.file} (exit code ${exitCode})`, {
        hint: `run \`sops decrypt ${sealed.file} > /dev/null\` to see why`,
      })
  }
}

function parsed(json: string, file: string): PlainDocument {
  try {
    return JSON.parse(json) as PlainDocument
  } catch {
    // The error of JSON.parse quotes its input.
    throw new RerootError('SOPS_FAILED', `sops printed something that is not JSON for ${file}`, {
      hint: 'check which program `sops` is on the PATH',
    })
  }
}

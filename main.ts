import { folderFiles } from './src/adapters/files.ts'
import { writeFolder } from './src/adapters/write-folder.ts'
import { render } from './src/run/index.ts'

/** `cdk8s synth`: renders the present state of a repository into `dist/`. Sealed Secrets are copied, never opened. */
// oxlint-disable-next-line no-process-env -- the only arguments that `cdk8s synth` passes on
const {
  REROOT_REPOSITORY: repository = 'test/golden/flux/staged',
  REROOT_DIRECTORY: directory = 'mesh-ca',
  CDK8S_OUTDIR: out = 'dist',
} = process.env
const { manifests, sealed } = await render(folderFiles(repository), directory)
await writeFolder(out, new Map<string, Uint8Array | string>([...manifests, ...sealed]))

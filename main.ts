import { folderFiles } from './src/adapters/files.ts'
import { writeFolder } from './src/adapters/write-folder.ts'
import { render } from './src/run/index.ts'

/** `cdk8s synth`: renders the present state of a repository into `dist/`. Sealed Secrets are copied, never opened. */
// oxlint-disable no-process-env -- `cdk8s synth` passes on no other arguments
const {
  REROOT_REPOSITORY: repository = 'test/golden/flux/staged',
  CDK8S_OUTDIR: out = 'dist',
  REROOT_DIRECTORY: directory = 'mesh-ca',
} = process.env
const { manifests, sealed } = await render(folderFiles(repository), directory)
await writeFolder(out, new Map<string, Uint8Array | string>([...manifests, ...sealed]))

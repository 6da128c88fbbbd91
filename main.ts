import { folderFiles } from './src/adapters/files.ts'
import { writeFolder } from './src/adapters/write-folder.ts'
import { render } from './src/run/index.ts'

/** `cdk8s synth`: renders the present state of a repository into `dist/`. Sealed Secrets are copied, never opened. */
const repository = process.env['REROOT_REPOSITORY'] ?? 'test/golden/flux/staged'
const { manifests, sealed } = await render(folderFiles(repository), process.env['REROOT_DIRECTORY'] ?? 'mesh-ca')
await writeFolder(process.env['CDK8S_OUTDIR'] ?? 'dist', new Map<string, Uint8Array | string>([...manifests, ...sealed]))

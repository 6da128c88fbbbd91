import { Command } from '@commander-js/extra-typings'
import { folderFiles } from '../../src/adapters/files.ts'
import { writeFolder } from '../../src/adapters/write-folder.ts'
import { render } from '../../src/run/index.ts'
import { reportError, say } from '../report.ts'
import { directoryOption, example } from './options.ts'

export const renderCommand = () =>
  new Command('render')
    .description('write the manifests of the present state into a folder, as `cdk8s synth` does')
    .addOption(directoryOption())
    .option('--repository <folder>', 'the repository to read', '.')
    .option('--out <folder>', 'where to write', 'dist')
    .addHelpText('after', example('reroot render --out dist'))
    .action(async (flags) => {
      try {
        const { manifests, sealed } = await render(folderFiles(flags.repository), flags.directory)
        await writeFolder(flags.out, new Map<string, Uint8Array | string>([...manifests, ...sealed]))
        say(`wrote ${manifests.size} manifests and ${sealed.size} sealed ${sealed.size === 1 ? 'file' : 'files'} into ${flags.out}`)
      } catch (error) {
        reportError(error, 'text')
      }
    })

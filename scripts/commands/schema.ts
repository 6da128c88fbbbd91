import { Command } from '@commander-js/extra-typings'
import { configSchemaText } from '../../src/mesh/index.ts'
import { print } from '../report.ts'
import { example } from './options.ts'

export const schemaCommand = () =>
  new Command('schema')
    .description('print the JSON Schema of reroot.yaml, for editors')
    .addHelpText('after', example('reroot schema > mesh-ca/reroot.schema.json'))
    .action(() => print(configSchemaText()))

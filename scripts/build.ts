import { join } from 'node:path'
import { bundle } from './house/bundle.ts'

await bundle(join(import.meta.dirname, '../build'))

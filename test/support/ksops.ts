import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { house } from './example.ts'

/**
 * What KSOPS does, and no more: a function that kustomize starts, and that gives back the files of its configuration, opened by the real sops
 * (github.com/viaduct-ai/kustomize-sops v4.5.1). KSOPS itself is not to be had as a Go module.
 */
const program = `#!/usr/bin/env node
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parse } from '${pathToFileURL(join(house, 'node_modules/yaml/dist/index.js')).href}'
const { functionConfig } = parse(readFileSync(0, 'utf8'))
const items = functionConfig.files.map((file) => parse(execFileSync('sops', ['decrypt', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })))
process.stdout.write(JSON.stringify({ apiVersion: 'config.kubernetes.io/v1', kind: 'ResourceList', items }))
`

/** Puts the program `ksops` into a folder, for PATH. */
export function installKsops(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'ksops'), program)
  chmodSync(join(folder, 'ksops'), 0o755)
}

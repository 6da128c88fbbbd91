import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'rolldown'

/** A package of which something is in the bundle. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** SPDX expression of its package.json. */
  readonly license: string
  /** Licence and notice files, in full. */
  readonly texts: readonly string[]
}

/** Writes `THIRD-PARTY-NOTICES.txt` beside the bundle: the licences of what is really in it. */
export function notices(): Plugin {
  return {
    name: 'notices',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []))
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-NOTICES.txt', source: noticesText(bundledPackages(modules)) })
    },
  }
}

/** The packages that files belong to, once each, by name and version. Files outside `node_modules` are ours. */
export function bundledPackages(files: readonly string[]): readonly BundledPackage[] {
  const folders = new Set(files.map(packageFolder).filter((folder) => folder !== null))
  const packages = new Map([...folders].map((folder) => readPackage(folder)).map((found) => [`${found.name}@${found.version}`, found]))
  return [...packages.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found)
}

export function noticesText(packages: readonly BundledPackage[]): string {
  const rule = '-'.repeat(80)
  const sections = packages.map(({ name, version, license, texts }) =>
    [rule, `${name} ${version} (${license})`, rule, '', ...texts, ''].join('\n'),
  )
  return ['reroot contains code of these packages.', '', ...sections].join('\n')
}

function packageFolder(file: string): string | null {
  const found = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file)
  return found?.[1]?.replace(/^\0/, '') ?? null
}

function readPackage(folder: string): BundledPackage {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string }
  const license = manifest.license ?? 'licence not stated'
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return {
    name: manifest.name,
    version: manifest.version,
    license,
    texts: texts.length > 0 ? texts : [`The package has no licence file. Its package.json says: ${license}`],
  }
}

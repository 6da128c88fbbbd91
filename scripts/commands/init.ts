import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { readCaFolder } from '../../src/adapters/ca-folder.ts'
import { writePlan } from '../../src/adapters/write-folder.ts'
import { RerootError } from '../../src/base/index.ts'
import { init } from '../../src/run/index.ts'
import type { InitOptions } from '../../src/run/index.ts'
import { reportError, say } from '../report.ts'
import { reportInit } from '../report-init.ts'
import { openWorld } from '../world.ts'
import {
  collectList,
  directoryOption,
  dryRunOption,
  example,
  noPushOption,
  outOption,
  outputOption,
  pairs,
  refuseOut,
  repeatable,
} from './options.ts'

/** The command with its flags. */
const declared = () =>
  new Command('init')
    .description('look at the repository, take over the CA that the mesh has, and write what reroot needs')
    .addOption(directoryOption())
    .option('--mesh <name>', 'the O= of new certificates (default: the clone’s folder)')
    .addOption(repeatable('--cluster <name>', 'the mesh has this cluster, and none that is not named', 'all that are found', collectList))
    .addOption(
      repeatable(
        '--name <cluster=name>',
        'what a cluster is to be called: <name, server or path>=<new name>',
        'its name in Argo CD, its server, or the last folder that Flux syncs',
      ),
    )
    .addOption(repeatable('--from <folder>', 'PEM files of the present CA: a folder, or <cluster>=<folder>', 'the sealed Secret in Git'))
    .addOption(
      repeatable(
        '--cluster-recipient <cluster=age1…>',
        'the age recipient that the cluster’s Flux, or its Argo CD, unseals with',
        'asked for',
      ),
    )
    .addOption(repeatable('--operator <age1…>', 'age recipient of a person who may run `stage`', 'asked for', collectList))
    .addOption(repeatable('--custodian <age1…>', 'age recipient of a person who keeps the roots’ keys', 'the operators', collectList))
    .addOption(repeatable('--extra-root <file>', 'PEM file of the repository with a foreign root that stays trusted', 'none'))
    .option('--istio-version <version>', 'Istio’s version, e.g. 1.30.3, if Git does not show it')
    .option('--istio-namespace <namespace>', 'the control plane’s namespace, if Git does not show it')
    .option('--repo-url <url>', 'this repository, as Argo CD’s Applications name it, if that cannot be told')
    .addOption(noPushOption())
    .addOption(dryRunOption())
    .addOption(outOption())
    .addOption(outputOption())
    .addHelpText('after', example('reroot init --from ../certs --cluster-recipient prod=age1… --operator age1… --custodian age1…'))

export const initCommand = () =>
  declared().action(async (flags) => {
    try {
      await refuseOut(flags)
      const readCa = flags.from.length === 0 ? null : await caReader(flags.from)
      const { context, checkout } = await openWorld(process.cwd())
      const folders = flags.from.map((text) => text.replace(/^[^=]*=/, ''))
      for (const folder of await foldersWithin(context.git.root, folders))
        say(
          `warning: ${folder} lies in this clone, with a private key in the clear: move it out of it, so that no \`git add\` takes it along`,
        )
      const result = await init(context, checkout, {
        directory: flags.directory,
        mesh: flags.mesh ?? null,
        answers: {
          clusters: flags.cluster,
          names: pairs('--name', flags.name),
          istioVersion: flags.istioVersion ?? null,
          istioNamespace: flags.istioNamespace ?? null,
          repoURL: flags.repoUrl ?? null,
        },
        recipients: {
          clusters: pairs('--cluster-recipient', flags.clusterRecipient),
          operators: flags.operator,
          custodians: flags.custodian,
        },
        extraRoots: flags.extraRoot,
        readCa,
        push: flags.push,
        dryRun: flags.dryRun,
      })
      const out = flags.dryRun ? await writePlan(flags.out ?? null, result.write) : null
      reportInit(result, { output: flags.output, out })
      if (folders.length > 0 && !flags.dryRun)
        say(
          `note: delete the keys in ${folders.join(', ')} once this is merged and the sums in its text are compared: the sealed Secret holds them`,
        )
    } catch (error) {
      reportError(error, flags.output)
    }
  })

/** Those of the folders that lie in a clone. */
async function foldersWithin(root: string, folders: readonly string[]): Promise<readonly string[]> {
  const [clone, ...places] = await Promise.all([root, ...folders.map((folder) => resolve(folder))].map((place) => realpath(place)))
  return folders.filter((_, index) => `${places[index] ?? ''}/`.startsWith(`${clone ?? ''}/`))
}

/** `--from certs` serves every cluster, `--from prod=certs/prod` one. @throws RerootError USAGE if a folder does not exist. */
async function caReader(given: readonly string[]): Promise<NonNullable<InitOptions['readCa']>> {
  const byCluster = pairs(
    '--from',
    given.filter((text) => text.includes('=')),
  )
  const [shared, ...more] = given.filter((text) => !text.includes('='))
  for (const folder of [...byCluster.values(), ...(shared === undefined ? [] : [shared]), ...more]) await refuseMissing(folder)
  if (more.length > 0)
    throw new RerootError('USAGE', `--from names ${more.length + 1} folders for all clusters`, {
      hint: 'say which cluster each is for: --from <cluster>=<folder>',
    })
  return {
    clusters: [...byCluster.keys()],
    async read(cluster) {
      const folder = byCluster.get(cluster) ?? shared
      if (folder === undefined) return null
      const { rootKey, ...files } = await readCaFolder(resolve(folder), cluster)
      return { files, from: folder, rootKey }
    },
  }
}

async function refuseMissing(folder: string): Promise<void> {
  const found = await stat(resolve(folder)).catch(() => null)
  if (found?.isDirectory() === true) return
  throw new RerootError('USAGE', `--from ${folder}: ${found === null ? 'there is no such folder' : 'that is no folder'}`, {
    hint: `give the folder with ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem; this is ${resolve(folder)}`,
  })
}

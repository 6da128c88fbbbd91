import { labFolder } from './folder.ts'
import { buildPrograms } from './programs/build.ts'
import { startArgocdWorld } from './worlds/argocd.ts'
import { startFluxWorld } from './worlds/flux.ts'

/** Keeps an example alive until Ctrl-C: `npm run lab -- argocd`. */
const which = process.argv[2] ?? 'flux'
if (which !== 'flux' && which !== 'argocd') {
  console.error(`unknown: ${which}; expected flux or argocd`)
  process.exit(2)
}
const programs = await buildPrograms((line) => console.error(line))
const folder = await labFolder()
const world = await (which === 'flux' ? startFluxWorld : startArgocdWorld)(programs, folder)
for (const { cluster } of world.members) console.log(`export KUBECONFIG=${cluster.kubeconfig}   # ${cluster.name}`)
console.log(`export PATH=${programs.folders.join(':')}:$PATH`)
console.log(`cd ${world.operator.clone}   # the operator's clone; reroot: node ${process.cwd()}/build/reroot.js`)
console.log(`${world.gitea.url}   # the forge; pull requests by its API: ${world.gitea.user}, token ${world.gitea.token}`)
console.log(`${folder}   # logs of everything. Ctrl-C ends it`)

const timer = setInterval(() => void tell(), 10_000)
process.once('SIGINT', () => void end())
process.once('SIGTERM', () => void end())

async function tell(): Promise<void> {
  const { succeeded, failed, failures } = await world.handshakes.count()
  console.error(`${succeeded} handshakes, ${failed} failed${failed === 0 ? '' : `: ${failures.at(-1)?.reason ?? ''}`}`)
}

async function end(): Promise<void> {
  clearInterval(timer)
  await world.stop()
  process.exit(0)
}

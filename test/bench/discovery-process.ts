import { performance } from 'node:perf_hooks'
import { folderFiles } from '../../src/adapters/files.ts'
import { discover } from '../../src/workloads/index.ts'

/** Discovers the workloads of one cluster of a folder, and says on stdout what that took. The sources' own loading does not count. */
const [folder = '', name = ''] = process.argv.slice(2)
const before = process.cpuUsage()
const start = performance.now()
const { workloads } = discover(folderFiles(folder), {
  name,
  paths: [`clusters/${name}`],
  controller: { type: 'flux', source: { kind: 'GitRepository', name: 'flux-system' } },
  istio: { namespace: 'istio-system', revisions: ['default'] },
  namespaces: new Map(),
  ignore: 'mesh-ca/',
})
const { user, system } = process.cpuUsage(before)
console.log(
  JSON.stringify({
    workloads: workloads.length,
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    // In kilobytes, of the whole process.
    megabytes: process.resourceUsage().maxRSS / 1000,
  }),
)

import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { freePorts } from './ports.ts'
import type { Programs } from './programs/build.ts'

/** Charts that Applications name by URL, served from folders under a version that the example asks for. */
export interface ChartRepository {
  readonly url: string
  stop(): void
}

/** @param charts name, folder, version. */
export async function startChartRepository(
  programs: Programs,
  parent: string,
  charts: readonly (readonly [folder: string, version: string])[],
): Promise<ChartRepository> {
  const folder = join(parent, 'chart-repository')
  await mkdir(folder, { recursive: true })
  const helm = async (...args: readonly string[]): Promise<void> => {
    await execa(programs.path('helm'), args, { env: { HOME: folder } })
  }
  for (const [chart, version] of charts) await helm('package', chart, '--version', version, '--destination', folder)
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  await helm('repo', 'index', folder, '--url', url)
  const server = createServer((request, response) => {
    readFile(join(folder, basename(request.url ?? ''))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  server.listen(port, '127.0.0.1')
  server.unref()
  return { url, stop: () => void server.close() }
}

import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { freePorts } from './ports.ts'
import { ProcessGroup, until } from './process.ts'
import type { Running } from './process.ts'
import type { Programs } from './programs/build.ts'

/** A forge: one organisation's worth of Gitea. */
export interface Gitea {
  readonly url: string
  readonly user: string
  readonly token: string
  /** Makes a public repository. @returns the URL that controllers clone. */
  createRepository(name: string): Promise<string>
  /** The same URL with the right to push. */
  pushUrl(name: string): string
  /** Opens a pull request for a branch, and merges it as a person would. @returns the commit of the merge. */
  merge(repository: string, branch: string, title: string): Promise<string>
  /** As if the server were down. */
  stop(): Promise<void>
  start(): Promise<void>
}

const user = 'platform'

/** Starts a Gitea with one user. */
export async function startGitea(programs: Programs, parent: string): Promise<Gitea> {
  const folder = join(parent, 'gitea')
  await mkdir(folder, { recursive: true })
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const config = join(folder, 'app.ini')
  await writeFile(config, settings(folder, port, programs.asset('gitea', 'static')), { mode: 0o600 })
  const env = { GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT: 'true', GITEA_WORK_DIR: folder, HOME: folder, USER: currentUser() }
  const gitea = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await execa(programs.path('gitea'), [...args, '--config', config], { env })
    // Its log may stand before the answer.
    return stdout.trim().split('\n').at(-1) ?? ''
  }
  await gitea('migrate')
  const account = ['--username', user, '--password', randomBytes(16).toString('hex'), '--email', 'platform@shop.example']
  await gitea('admin', 'user', 'create', '--admin', ...account, '--must-change-password=false')
  const token = await gitea('admin', 'user', 'generate-access-token', '--username', user, '--scopes', 'all', '--token-name', 'lab', '--raw')

  const processes = new ProcessGroup(folder)
  let web: Running | null = null
  const start = async (): Promise<void> => {
    const running = processes.start('gitea', programs.path('gitea'), ['web', '--config', config], { env })
    web = running
    await until('Gitea', async () => (await fetch(`${url}/api/healthz`)).ok, { seconds: 30, of: running })
  }
  await start()
  const api = apiOf(url, token)
  return {
    url,
    user,
    token,
    async createRepository(name) {
      await api('POST', '/user/repos', { name, private: false, default_branch: 'main', auto_init: false })
      return `${url}/${user}/${name}.git`
    },
    pushUrl: (name) => `${url.replace('://', `://${user}:${token}@`)}/${user}/${name}.git`,
    merge: async (repository, branch, title) => merge(api, `/repos/${user}/${repository}`, branch, title),
    async stop() {
      await web?.stop()
    },
    start,
  }
}

type Api = (
  method: 'GET' | 'POST',
  path: string,
  body?: object,
) => Promise<{ readonly status: number; readonly body: Record<string, unknown> }>

function apiOf(url: string, token: string): Api {
  return async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    // Gitea looks at a new pull request in the background, and refuses to merge it before.
    if (!answer.ok && answer.status !== 405) throw new Error(`Gitea: ${method} ${path}: ${answer.status} ${text.slice(0, 300)}`)
    return { status: answer.status, body: parsed }
  }
}

async function merge(api: Api, repository: string, branch: string, title: string): Promise<string> {
  const { body } = await api('POST', `${repository}/pulls`, { head: branch, base: 'main', title })
  const path = `${repository}/pulls/${Number(body['number'])}`
  await until(`the merge of ${branch}`, async () => (await api('POST', `${path}/merge`, { Do: 'merge' })).status === 200, { seconds: 30 })
  const merged = await api('GET', path)
  return String(merged.body['merge_commit_sha'])
}

function settings(folder: string, port: number, assets: string): string {
  const secret = (): string => randomBytes(32).toString('hex')
  return `RUN_USER = ${currentUser()}
RUN_MODE = prod
WORK_PATH = ${folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
STATIC_ROOT_PATH = ${assets}
OFFLINE_MODE = true
DISABLE_SSH = true
LFS_START_SERVER = false
[database]
DB_TYPE = sqlite3
PATH = ${join(folder, 'gitea.db')}
[security]
INSTALL_LOCK = true
SECRET_KEY = ${secret()}
INTERNAL_TOKEN = ${secret()}
[log]
MODE = console
LEVEL = Warn
[repository]
ROOT = ${join(folder, 'repositories')}
DEFAULT_BRANCH = main
[repository.pull-request]
DEFAULT_MERGE_STYLE = merge
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = false
[cron]
ENABLED = false
[session]
PROVIDER = memory
`
}

function currentUser(): string {
  return process.env['USER'] ?? (process.getuid?.() === 0 ? 'root' : 'lab')
}

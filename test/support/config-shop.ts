import { mkdir, readFile as readLocal, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Job, StepOptions, StepResult } from '../../src/drill/runner.ts'
import { readFile } from '../../src/github/contents.ts'
import { type Files, jobPermissions, openShop } from './repository.ts'
import { runStep } from './run-step.ts'
import { startService } from './service.ts'

/** What a good and a bad `config/app.json` say, with a secret that no text may show. */
export const secret = 'hunter2-of-the-shop'
export const goodConfig = `{\n  "api": { "baseUrl": "https://good", "token": "${secret}-old" },\n  "retries": 3\n}\n`
export const badConfig = `{\n  "api": { "baseUrl": "https://bad", "token": "${secret}-new" },\n  "retries": 3\n}\n`

const deployWorkflow = 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n'

export type ConfigShop = Awaited<ReturnType<typeof openConfigShop>>

/**
 * A shop on the emulated GitHub that a bad configuration broke: it answers 500 until `deploy.yml` has deployed a revision whose
 * `config/app.json` is good, or until `isWell` says so.
 * @param config the section `config` of the settings; `none` for no such section @param more other sections
 * @param good files of the good revision, and what the bad one does to them
 * @param branch another one is that of the environment of its name
 * @param isWell whether the shop is well, for a configuration that is not in the repository
 */
export async function openConfigShop({
  config = { files: ['config/app.json'] },
  more = {},
  good: goodFiles = { 'config/app.json': goodConfig },
  bad: badFiles = { 'config/app.json': badConfig },
  isWell,
  branch = 'main',
}: {
  config?: Readonly<Record<string, unknown>> | 'none'
  more?: Readonly<Record<string, unknown>>
  good?: Files
  bad?: Files
  isWell?: () => Promise<boolean>
  branch?: string
} = {}) {
  const environment = branch === 'main' ? 'production' : branch
  const permissions = { ...jobPermissions, actions: 'write', 'pull-requests': 'write' } as const
  const shop = await openShop({ permissions })
  const service = await startService({ status: 500, body: 'down' })
  const folder = join(shop.directory, 'machine')
  const storage = join(shop.directory, 'backups')
  await mkdir(folder)
  const inFolder = (text: string) => text.replaceAll('$FOLDER', folder).replaceAll('$STORAGE', storage)
  const settings = {
    environment,
    ...(branch !== 'main' && { branch }),
    health: {
      window: '2s',
      interval: '100ms',
      checks: [{ name: 'home', type: 'http', url: service.url, severity: 'critical', 'on-error': 'fail' }],
    },
    rollback: { verify: '2s' },
    code: { redeploy: { workflow: 'deploy.yml', inputs: { revision: '{revision}' } } },
    ...(config !== 'none' && { config }),
    ...more,
  }
  // a repository has a default branch
  if (branch !== 'main')
    await shop.commit({ 'README.md': '# Shop\n', '.github/workflows/deploy.yml': deployWorkflow })
  const good = await shop.commit(
    {
      'server.mjs': 'serve()\n',
      '.github/rollback.yml': inFolder(stringify(settings)),
      '.github/workflows/deploy.yml': deployWorkflow,
      ...goodFiles,
    },
    { message: 'Serve products', branch },
  )
  shop.deploy(good, 'success', environment)
  const bad = await shop.commit(
    { 'server.mjs': 'serve() // faster\n', ...badFiles },
    { message: 'Change', author: 'Grace', branch },
  )
  shop.deploy(bad, 'success', environment)
  const token = shop.github.createToken({ login: 'github-actions[bot]', kind: 'actions', permissions })
  const read = async (path: string, ref = branch) => (await readFile(shop.repository, { path, ref }))?.text

  const deployed: string[] = []
  let failures = 0
  const stopLooking = shop.github.onRequest(async () => {
    for (const run of shop.hosted.runs) {
      if (run.status !== 'queued') continue
      run.status = 'completed'
      if (failures > 0) {
        failures -= 1
        run.conclusion = 'failure'
        continue
      }
      run.conclusion = 'success'
      deployed.push(run.sha)
      const isGood = (await read('config/app.json', run.sha))?.includes('https://good') === true
      if (isWell === undefined)
        service.change(isGood ? { status: 200, body: 'up' } : { status: 500, body: 'down' })
    }
    if (isWell !== undefined)
      service.change((await isWell()) ? { status: 200, body: 'up' } : { status: 500, body: 'down' })
  })
  return {
    ...shop,
    good,
    bad,
    service,
    folder,
    storage,
    deployed,
    /** The next runs of the workflow that deploys fail. */
    failDeployments(count: number) {
      failures = count
    },
    /** A file of a revision; of the branch by default. */
    read,
    /** A file of the machine that the job runs on. */
    local: async (path: string) => readLocal(join(folder, path), 'utf8').catch(() => undefined),
    write: (path: string, text: string) => writeFile(join(folder, path), text),
    /** Runs an action as a step of a job for the bad revision. */
    run: async (step: StepOptions, job: Partial<Job> = {}): Promise<StepResult> =>
      runStep(await shop.job({ sha: bad, token, ...job }), step),
    close: async () => {
      stopLooking()
      await service.stop()
      await shop.close()
    },
  }
}

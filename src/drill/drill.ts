import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startGitHub } from '../../test/support/github/server.ts'
import { openBranchHistory } from '../history/branch-history.ts'
import type { LayerName } from '../history/event.ts'
import {
  badConfiguration,
  configurationSettings,
  configure,
  goodConfiguration,
  isConfigured,
} from './configuration.ts'
import { deploy, serveDeployments } from './deploy.ts'
import { badChanges, goodChanges } from './history.ts'
import { type DrillJob, name, open, openJob, owner, step } from './jobs.ts'
import { type Audience, deliveriesOf, openAudience } from './notifications.ts'
import { type OverTheAir, openOverTheAir } from './over-the-air.ts'
import { openProduction, type Production } from './production.ts'
import { type DrillPapers, type DrillResult, reportSchema } from './result.ts'
import type { RunProcess } from './runner.ts'

/** What is rehearsed on request, beside the code. */
export const drillLayers = ['codepush', 'flags', 'notify'] as const
export type DrillLayer = (typeof drillLayers)[number]

const environment = 'production'

/**
 * Rehearses a rollback from the deploy to the post-mortem: a real git repository, database and web service, the compiled
 * actions run as the runner runs them, and an emulated GitHub that holds every request against GitHub's own description.
 * @param directory an empty folder; the caller takes it away
 * @param layers what is rehearsed beside the code; each needs a server of its own
 * @param reach under which address the actions find GitHub's API, which is at the one that it is given
 * @param runProcess runs the process of each step; by default a new one for each, as the runner has it
 * @param say called with each line of what happens, as it happens
 */
export async function runDrill({
  directory,
  layers = [],
  reach = async (apiUrl) => apiUrl,
  runProcess,
  say,
}: {
  directory: string
  layers?: readonly DrillLayer[]
  reach?: (apiUrl: string) => Promise<string>
  runProcess?: RunProcess
  say: (line: string) => void
}): Promise<{ readonly result: DrillResult; readonly papers: DrillPapers }> {
  const github = await startGitHub({ directory: join(directory, 'github') })
  let production: Production | undefined
  let updates: OverTheAir | undefined
  let audience: Audience | undefined
  try {
    const hosted = await github.createRepository({ owner, name, defaultBranch: 'main' })
    const people = github.createToken({
      login: 'grace',
      kind: 'user',
      permissions: { contents: 'write', deployments: 'write', workflows: 'write' },
    })
    const jobToken = github.createToken({
      login: 'github-actions[bot]',
      kind: 'actions',
      permissions: {
        ...{ contents: 'write', issues: 'write', deployments: 'read', actions: 'write' },
        'pull-requests': 'read',
      },
    })
    const deployer = open(github.apiUrl, people)
    const apiUrl = await reach(github.apiUrl)
    const openJobOf = (sha: string, of: string, runId = '1') =>
      openJob({
        ...{ directory: join(directory, of), apiUrl, serverUrl: github.url, token: jobToken, sha, runId },
        runProcess,
      })
    const served = await openProduction({
      directory: join(directory, 'production'),
      cloneUrl: hosted.cloneUrl.replace('://', `://x-access-token:${people}@`),
      migrate: async (database, revision) => {
        const inputs = { 'database-url': `sqlite:${database}`, migrations: 'db' }
        // a run of its own, as a workflow that is dispatched is
        const job = await openJobOf(revision, 'deploy', '2')
        const { outputs } = await step(job, say, 'db-migrate', { inputs })
        if (outputs['decision'] === undefined) throw new Error(`${revision} was not migrated`)
      },
    })
    production = served
    if (layers.includes('codepush')) updates = await openOverTheAir()
    if (layers.includes('notify')) audience = await openAudience()

    say('a shop is in production')
    const storage = join(directory, 'backups')
    const withFlags = layers.includes('flags')
    const configuration = configurationSettings(
      served.configuration,
      join(directory, 'etc-backups'),
      withFlags,
    )
    const more = `${updates?.settings ?? ''}${audience?.settings ?? ''}${configuration}`
    const changes = goodChanges({ url: `${served.url}/`, storage, more })
    const first = await served.push(changes.slice(0, -1))
    await deploy(deployer, served, { revision: first, environment })
    await updates?.release('the first bundle')
    const databaseUrl = `sqlite:${served.database}`
    const backUp = async (job: DrillJob) => {
      const inputs = { 'database-url': databaseUrl, storage, migrations: 'db' }
      const result = await step(job, say, 'db-backup', { inputs })
      if (result.outputs['decision'] !== 'backed-up') throw new Error('the database was not backed up')
      const kept = await step(job, say, 'config-rollback', {
        inputs: { mode: 'backup', reason: 'before the deployment' },
      })
      if (kept.outputs['decision'] !== 'backed-up') throw new Error('the configuration was not backed up')
      return result
    }
    const good = await served.push(changes.slice(-1))
    const goodJob = await openJobOf(good, 'good-job')
    await backUp(goodJob)
    await deploy(deployer, served, { revision: good, environment })
    const healthy = await served.visit()
    say(`deployed ${good.slice(0, 7)}: GET / answers ${healthy.status}`)
    const goodBundle = await updates?.release('the good bundle')
    const doctor = await step(goodJob, say, 'rollback', {
      inputs: { mode: 'doctor' },
      env: { DATABASE_URL: databaseUrl, ...updates?.env, ...audience?.env },
    })
    if (doctor.outputs['decision'] !== 'ready')
      throw new Error(`the doctor decided "${doctor.outputs['decision']}" on a healthy production`)

    const schemaGood = served.schema()
    const bad = await served.push(badChanges())
    const logBefore = await served.log()
    const job = await openJobOf(bad, 'job')
    const backup = await backUp(job)
    const snapshot = await step(job, say, 'health-gate', { inputs: { mode: 'snapshot', revision: good } })
    if (snapshot.outputs['verdict'] !== 'healthy') throw new Error('the shop was not healthy before')
    await deploy(deployer, served, { revision: bad, environment })
    await configure(served.configuration, badConfiguration(withFlags))
    const badServedAt = performance.now()
    const sinceBad = () => Math.round(performance.now() - badServedAt)
    const broken = await served.visit()
    say(
      `deployed ${bad.slice(0, 7)}: GET / answers ${broken.status}, although GitHub reports a successful deployment`,
    )
    const schemaBad = served.schema()
    const badBundle = await updates?.release('the bad bundle')
    if (badBundle !== undefined)
      say(
        `released ${badBundle.label} over the air: a device on ${goodBundle?.label} is offered ${(await updates?.offerTo(goodBundle))?.words}`,
      )

    const before = github.requests.length
    const gate = await step(job, say, 'health-gate', { env: { ...audience?.env } })
    const detectedMs = sinceBad()
    if (gate.outputs['decision'] !== 'roll-back')
      throw new Error(`the gate decided "${gate.outputs['decision']}" on a broken production`)

    let recoveredMs = 0
    const endDeployments = serveDeployments(github, hosted, async (revision) => {
      await deploy(deployer, served, { revision, environment })
      recoveredMs = sinceBad()
      say(`  the workflow deploy.yml has deployed ${revision.slice(0, 7)}`)
    })
    const rollback = await step(job, say, 'rollback', {
      inputs: { reason: 'the homepage answers 500' },
      env: { DATABASE_URL: databaseUrl, ...updates?.env, ...audience?.env },
    })
    await endDeployments()
    const report = reportSchema.parse(JSON.parse(await readFile(rollback.outputs['report'] ?? '', 'utf8')))

    const visited = await served.visit()
    const isCodeBack = visited.status === healthy.status && visited.body === healthy.body
    say(
      `GET / answers ${visited.status}, ${isCodeBack ? 'byte for byte as before' : 'but NOT what it answered before'}`,
    )
    const isConfigurationBack = await isConfigured(served.configuration, goodConfiguration)
    say(`the machine's configuration is ${isConfigurationBack ? 'byte for byte as before' : 'NOT as before'}`)
    const schemaAfter = served.schema()
    const offer = badBundle === undefined ? undefined : await updates?.offerTo(badBundle)
    const isBundleBack = offer?.packageHash === goodBundle?.packageHash
    if (offer !== undefined)
      say(
        `a device that holds ${badBundle?.label} is offered ${offer.words}: ${isBundleBack ? 'exactly the package of' : 'NOT the package of'} ${goodBundle?.label}`,
      )
    const verified: Partial<Record<LayerName, boolean>> = {
      database: schemaAfter === schemaGood && schemaBad !== schemaGood,
      code: isCodeBack,
      ota: isBundleBack,
      config: isConfigurationBack,
      flags: isConfigurationBack,
    }

    const postmortem = await step(job, say, 'postmortem-issue', {
      inputs: { incident: rollback.outputs['incident'] ?? '' },
      env: { ...audience?.env },
    })
    const issue = hosted.issues.find(({ number }) => String(number) === postmortem.outputs['issue-number'])
    if (issue === undefined) throw new Error('there is no post-mortem issue')
    const requests = github.requests.length - before
    const { events } = await openBranchHistory({ repository: deployer, branch: 'rollback-history' }).read()

    const summaryFile = join(directory, 'job-summary.md')
    const postmortemFile = join(directory, 'post-mortem.md')
    const steps = [backup, gate, rollback, postmortem]
    await writeFile(summaryFile, steps.map(({ summary }) => summary).join('\n'))
    await writeFile(postmortemFile, `# ${issue.title}\n\n${issue.body}`)
    return {
      result: {
        detected_ms: detectedMs,
        recovered_ms: recoveredMs,
        phases: { detect: detectedMs, ...report.phases },
        decision: rollback.outputs['decision'] ?? 'failed',
        layers: report.layers.map(({ layer, outcome, view: { from, to } }) => ({
          name: layer,
          from,
          to,
          outcome,
          verified: verified[layer] ?? false,
        })),
        issue: {
          number: issue.number,
          url: postmortem.outputs['issue-url'] ?? '',
          title: issue.title,
          body: issue.body ?? '',
        },
        events: events.length,
        requests,
        deliveries: deliveriesOf(events),
      },
      papers: {
        schemaBad,
        schemaAfter,
        logBefore,
        logAfter: await served.log(),
        summaryFile,
        postmortemFile,
        arrived: audience?.arrived() ?? [],
        received: audience?.received ?? [],
      },
    }
  } finally {
    await production?.stop()
    await updates?.stop()
    await audience?.stop()
    await github.stop()
  }
}

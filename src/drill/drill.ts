import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startGitHub } from '../../test/support/github/server.ts'
import { openRepository, type Repository } from '../github/client.ts'
import { openBranchHistory } from '../history/branch-history.ts'
import type { LayerName } from '../history/event.ts'
import { badChanges, goodChanges } from './history.ts'
import { type OverTheAir, openOverTheAir } from './over-the-air.ts'
import { openProduction, type Production } from './production.ts'
import { type Job, runStep, type StepResult } from './runner.ts'

/** What a drill found, as `--json` prints it. Times in ms from the moment the bad revision was served. */
export interface DrillResult {
  readonly detected_ms: number
  readonly recovered_ms: number
  readonly layers: readonly {
    readonly name: LayerName
    readonly from: string
    readonly to: string
    readonly outcome: string
    /** true when a visitor got the good revision's bytes again, or the database its tables */
    readonly verified: boolean
  }[]
  readonly issue: {
    readonly number: number
    readonly url: string
    readonly title: string
    readonly body: string
  }
  /** in the history */
  readonly events: number
  /** to GitHub's API, by the actions */
  readonly requests: number
}

/** What people look at afterwards. */
export interface DrillPapers {
  /** the database's tables, in the bad revision and after the rollback */
  readonly schemaBad: string
  readonly schemaAfter: string
  readonly logBefore: string
  readonly logAfter: string
  readonly summaryFile: string
  readonly postmortemFile: string
}

/** Layers that are rehearsed on request, beside the code. */
export const drillLayers = ['codepush'] as const
export type DrillLayer = (typeof drillLayers)[number]

const owner = 'octo-org'
const name = 'shop'
const environment = 'production'

/**
 * Rehearses a rollback from the deploy to the post-mortem: a real git repository, database and web service, the compiled
 * actions run as the runner runs them, and an emulated GitHub that holds every request against GitHub's own description.
 * @param directory an empty folder; the caller takes it away
 * @param layers what is rehearsed beside the code; each needs a server of its own
 * @param say called with each line of what happens, as it happens
 */
export async function runDrill({
  directory,
  layers = [],
  say,
}: {
  directory: string
  layers?: readonly DrillLayer[]
  say: (line: string) => void
}): Promise<{ readonly result: DrillResult; readonly papers: DrillPapers }> {
  const github = await startGitHub({ directory: join(directory, 'github') })
  let production: Production | undefined
  let updates: OverTheAir | undefined
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
      permissions: { contents: 'write', issues: 'write', deployments: 'read' },
    })
    const deployer = open(github.apiUrl, people)
    production = await openProduction({
      directory: join(directory, 'production'),
      cloneUrl: hosted.cloneUrl.replace('://', `://x-access-token:${people}@`),
    })

    say('a shop is in production')
    const good = await production.push(goodChanges({ url: `${production.url}/` }))
    await deploy({ production, deployer, revision: good })
    const healthy = await production.visit()
    say(`deployed ${good.slice(0, 7)}: GET / answers ${healthy.status}`)

    if (layers.includes('codepush')) updates = await openOverTheAir()
    const goodBundle = await updates?.release('the good bundle')

    const schemaGood = production.schema()
    const bad = await production.push(badChanges())
    const logBefore = await production.log()
    const job = await openJob({ directory: join(directory, 'job'), github, token: jobToken, sha: bad })
    const database = {
      'database-url': `sqlite:${production.database}`,
      storage: join(directory, 'backups'),
      migrations: 'db',
    }
    const backup = await step(job, say, 'db-backup', database)
    if (backup.outputs['decision'] !== 'backed-up') throw new Error('the database was not backed up')
    await deploy({ production, deployer, revision: bad })
    const badServedAt = performance.now()
    const broken = await production.visit()
    say(
      `deployed ${bad.slice(0, 7)}: GET / answers ${broken.status}, although the deployment is a success to GitHub`,
    )

    const badBundle = await updates?.release('the bad bundle')
    if (badBundle !== undefined)
      say(
        `released ${badBundle.label} over the air: a device on ${goodBundle?.label} is offered ${(await updates?.offerTo(goodBundle))?.words}`,
      )

    const schemaBad = production.schema()
    const before = github.requests.length
    const gate = await step(job, say, 'health-gate', {})
    const detectedMs = Math.round(performance.now() - badServedAt)
    if (gate.outputs['decision'] !== 'roll-back')
      throw new Error(`the gate decided "${gate.outputs['decision']}" on a broken production`)

    // with the bad revision's scripts, before the old code comes back: the good revision does not have them
    const undone = await step(job, say, 'db-restore', {
      ...database,
      strategy: 'migrations',
      'to-revision': 'last-successful-deployment',
      reason: 'the homepage answers 500',
    })
    const schemaAfter = production.schema()
    const rollback = await step(job, say, 'git-rollback', {
      target: 'last-successful-deployment',
      reason: 'the homepage answers 500',
    })
    const restored = rollback.outputs['commit']
    if (restored === undefined) throw new Error('git-rollback made no commit')
    await deploy({ production, deployer, revision: restored })
    const visited = await production.visit()
    const recoveredMs = Math.round(performance.now() - badServedAt)
    const verified = visited.status === healthy.status && visited.body === healthy.body
    say(
      `deployed ${restored.slice(0, 7)}: GET / answers ${visited.status}, ${verified ? 'byte for byte as before' : 'but NOT what it answered before'}`,
    )

    const steps = [gate, undone, rollback]
    const otherLayers: DrillResult['layers'][number][] = []
    if (updates !== undefined && goodBundle !== undefined && badBundle !== undefined) {
      const ota = await step(job, say, 'codepush-rollback', {
        ...updates.inputs,
        'from-label': badBundle.label,
        reason: 'the app crashes at its start',
      })
      const offer = await updates.offerTo(badBundle)
      const isGood = offer.packageHash === goodBundle.packageHash
      say(
        `a device that holds ${badBundle.label} is offered ${offer.words}: ${isGood ? 'exactly the package of' : 'NOT the package of'} ${goodBundle.label}`,
      )
      otherLayers.push({
        name: 'ota',
        from: badBundle.label,
        to: goodBundle.label,
        outcome: ota.outputs['decision'] ?? 'failed',
        verified: isGood,
      })
      steps.push(ota)
    }

    const postmortem = await step(job, say, 'postmortem-issue', {
      incident: rollback.outputs['incident'] ?? '',
    })
    const issue = hosted.issues.find(({ number }) => String(number) === postmortem.outputs['issue-number'])
    if (issue === undefined) throw new Error('there is no post-mortem issue')
    const requests = github.requests.length - before
    const { events } = await openBranchHistory({ repository: deployer, branch: 'rollback-history' }).read()

    const summaryFile = join(directory, 'job-summary.md')
    const postmortemFile = join(directory, 'post-mortem.md')
    await writeFile(summaryFile, [backup, ...steps, postmortem].map(({ summary }) => summary).join('\n'))
    await writeFile(postmortemFile, `# ${issue.title}\n\n${issue.body}`)
    return {
      result: {
        detected_ms: detectedMs,
        recovered_ms: recoveredMs,
        layers: [
          {
            name: 'database',
            from: '2_amount',
            to: '1_products',
            outcome: undone.outputs['decision'] ?? 'failed',
            verified: schemaAfter === schemaGood && schemaBad !== schemaGood,
          },
          { name: 'code', from: bad, to: good, outcome: rollback.outputs['decision'] ?? 'failed', verified },
          ...otherLayers,
        ],
        issue: {
          number: issue.number,
          url: postmortem.outputs['issue-url'] ?? '',
          title: issue.title,
          body: issue.body ?? '',
        },
        events: events.length,
        requests,
      },
      papers: {
        schemaBad,
        schemaAfter,
        logBefore,
        logAfter: await production.log(),
        summaryFile,
        postmortemFile,
      },
    }
  } finally {
    await production?.stop()
    await updates?.stop()
    await github.stop()
  }
}

/** What a deploy workflow does: GitHub's record of the deployment, the deployment itself, and its success. */
async function deploy({
  production,
  deployer,
  revision,
}: {
  production: Production
  deployer: Repository
  revision: string
}): Promise<void> {
  const { octokit } = deployer
  const { data } = await octokit.rest.repos.createDeployment({
    owner,
    repo: name,
    ref: revision,
    environment,
    auto_merge: false,
    required_contexts: [],
  })
  if (!('id' in data)) throw new Error(`GitHub did not create the deployment: ${data.message}`)
  await production.deploy(revision)
  await octokit.rest.repos.createDeploymentStatus({
    owner,
    repo: name,
    deployment_id: data.id,
    state: 'success',
  })
}

function open(apiUrl: string, token: string): Repository {
  return openRepository({
    token,
    owner,
    repo: name,
    apiUrl,
    userAgent: 'rollback-suite/drill',
    log: () => {},
  })
}

async function openJob({
  directory,
  github,
  token,
  sha,
}: {
  directory: string
  github: { readonly apiUrl: string; readonly url: string }
  token: string
  sha: string
}): Promise<Job> {
  await mkdir(directory, { recursive: true })
  return {
    directory,
    apiUrl: github.apiUrl,
    serverUrl: github.url,
    repository: `${owner}/${name}`,
    token,
    sha,
    eventName: 'push',
    event: {
      after: sha,
      repository: { name, full_name: `${owner}/${name}`, default_branch: 'main', owner: { login: owner } },
    },
    actor: 'grace',
    runId: '1',
  }
}

async function step(
  job: Job,
  say: (line: string) => void,
  action: string,
  inputs: Record<string, string>,
): Promise<StepResult> {
  say(`${action}:`)
  return runStep(job, { action, inputs, onLine: (line) => say(`  ${line}`) })
}

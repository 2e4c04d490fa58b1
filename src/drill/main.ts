import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { guardOutput } from '../runner/output.ts'
import { shortRevision } from '../text/revision.ts'
import { type DrillLayer, drillLayers, runDrill } from './drill.ts'
import type { DrillPapers, DrillResult } from './result.ts'

const usage = `script/drill: runs a complete rollback in a disposable environment on this machine.

  --with codepush   also over-the-air updates, on a real CodePush server (Debian or Ubuntu: needs MariaDB)
  --with flags      also feature flags, in a file of flagd
  --with notify     also notifications, to receivers on this machine
  --json            print one JSON object and nothing else
  --keep            keep the folder with the repository, the releases, the database, the job summary and the post-mortem
  --help            print this
`

guardOutput()

const { values } = parseArgs({
  options: {
    with: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const layers = drillLayers.filter((each) => values.with.includes(each))
const unknown = values.with.filter((each) => !layers.some((layer) => layer === each))

if (unknown.length > 0) {
  process.stderr.write(`there is no layer ${unknown.join(', ')}; write one of ${drillLayers.join(', ')}\n`)
  process.exitCode = 2
} else if (values.help) process.stdout.write(usage)
else await drill(layers)

async function drill(layers: readonly DrillLayer[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rollback-drill-'))
  const startedAt = performance.now()
  const say = (line: string) => {
    if (!values.json)
      process.stdout.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${line}\n`)
  }
  try {
    const { result, papers } = await runDrill({ directory, layers, say })
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : await describe(result, papers))
    if (result.decision !== 'complete' || result.layers.some(({ verified }) => !verified))
      process.exitCode = 1
    if (values.keep) process.stderr.write(`kept in ${directory}\n`)
  } finally {
    if (!values.keep) await rm(directory, { recursive: true, force: true })
  }
}

async function describe(
  result: DrillResult,
  { schemaBad, schemaAfter, logBefore, logAfter, summaryFile, postmortemFile, arrived }: DrillPapers,
): Promise<string> {
  const section = (title: string, text: string) =>
    `\n── ${title} ${'─'.repeat(Math.max(0, 90 - title.length))}\n\n${text.trim()}\n`
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const share = (ms: number, phases: DrillResult['phases']) => {
    const total = Object.values(phases).reduce((sum, each) => sum + each, 0)
    return `${String(Math.round((ms / total) * 100)).padStart(5)} %`
  }
  return [
    section('git log before', logBefore),
    section('git log after', logAfter),
    section('schema of the database before', schemaBad),
    section('schema of the database after', schemaAfter),
    section('job summary', await readFile(summaryFile, 'utf8')),
    section('post-mortem issue', await readFile(postmortemFile, 'utf8')),
    ...(arrived.length === 0 ? [] : [section('notifications that arrived', arrived.join('\n'))]),
    section(
      'from the first bad answer',
      [
        `bad deployment detected after  ${seconds(result.detected_ms)}`,
        `good revision served after     ${seconds(result.recovered_ms)}`,
        `decision                       ${result.decision}`,
        'phases (the deployment overlaps with the others; the verification comes after it):',
        ...Object.entries(result.phases).map(
          ([phase, ms]) => `  ${phase.padEnd(15)}${seconds(ms).padStart(7)}${share(ms, result.phases)}`,
        ),
        ...result.layers.map(
          ({ name, from, to, outcome, verified }) =>
            `${name}: ${shortRevision(from)} → ${shortRevision(to)} ${outcome}, ${verified ? 'verified' : 'NOT verified'}`,
        ),
        `${result.events} events in the history, ${result.requests} requests to GitHub`,
      ].join('\n'),
    ),
  ].join('')
}

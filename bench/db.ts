/**
 * Backup and restore of a database of some hundred MB of each kind, against the engine's plain tool. Each round runs ours right
 * after the plain one, so that the noise of the machine meets both alike; a ratio is the median of the rounds.
 * `npm run bench -- db` measures all, `npm run bench -- db postgres` one of them, and `npm run bench -- db 0.02` a small part of each
 * in one round, to see that it works: without goals.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Findings } from './main.ts'
import { runWorker, whileQueried } from './support/db-processes.ts'
import { openMariaDb, openPostgres, openSqlite, type Subject } from './support/db-subjects.ts'

type Name = 'sqlite' | 'postgres' | 'mariadb'

const subjects: Readonly<
  Record<
    Name,
    { readonly open: (directory: string, rows: number) => Promise<Subject>; readonly rounds: number }
  >
> = {
  sqlite: { open: openSqlite, rounds: 5 },
  postgres: { open: openPostgres, rounds: 3 },
  mariadb: { open: openMariaDb, rounds: 2 },
}

/** At most so much: times the plain tool's time, milliseconds, megabytes. What is not here is a fact without a goal. */
const atMost: Readonly<Record<Name, Readonly<Record<string, number>>>> = {
  sqlite: {
    backup_ratio: 1.6,
    uncompressed_backup_ratio: 1.2,
    restore_ratio: 1.8,
    verified_restore_ratio: 2.5,
    refused_ms: 10,
    peak_mb: 200,
  },
  postgres: { verified_restore_ratio: 1.5, refused_ms: 50, peak_mb: 200 },
  mariadb: { backup_ratio: 1.5, refused_ms: 50, peak_mb: 200 },
}

/** What one run took: of the clock, and of the processors for the process and its children, servers left out. */
interface Cost {
  readonly ms: number
  readonly cpuMs: number
  readonly peakMb: number
  readonly name: string
}

/** Of the largest table. */
const rows = 1_400_000

/** Of all three kinds of database, or of those that the command line names. */
export async function measure(say: (line: string) => void): Promise<Findings> {
  const given = process.argv.slice(3)
  const scale = Number(given.find((each) => Number(each) > 0) ?? 1)
  const wanted = given.filter((each) => Number.isNaN(Number(each)))
  const figures: Record<string, number> = {}
  const goals: Record<string, { readonly atMost: number }> = {}
  for (const name of ['sqlite', 'postgres', 'mariadb'] as const) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const directory = await mkdtemp(join(tmpdir(), `bench-${name}-`))
    const subject = await subjects[name].open(directory, Math.round(rows * scale))
    try {
      await measureEngine(subject, {
        directory,
        rounds: scale < 1 ? 1 : subjects[name].rounds,
        found: (key, value) => {
          const goal = scale < 1 ? undefined : atMost[name][key]
          figures[`${name}_${key}`] = Math.round(value * 100) / 100
          if (goal !== undefined) goals[`${name}_${key}`] = { atMost: goal }
          say(`${name} ${key}: ${value.toFixed(2)}${goal === undefined ? '' : ` (at most ${goal})`}`)
        },
      })
    } finally {
      await subject.stop()
      await rm(directory, { recursive: true, force: true })
    }
  }
  return { figures, goals }
}

async function measureEngine(
  subject: Subject,
  {
    directory,
    rounds,
    found,
  }: {
    readonly directory: string
    readonly rounds: number
    readonly found: (key: string, value: number) => void
  },
): Promise<void> {
  const { url } = subject
  const backups = join(directory, 'backups')
  const runs = new Map<string, Cost[]>()
  const record = async (key: string, run: () => Promise<Cost> | Cost): Promise<Cost> => {
    const cost = await run()
    runs.set(key, [...(runs.get(key) ?? []), cost])
    return cost
  }
  const run = (options: Record<string, string>) =>
    measured(() => runWorker({ url, backups, scratch: join(directory, 'scratch'), ...options }))
  const backUp = async (verify: string, compression = 'zstd') => {
    await rm(backups, { recursive: true, force: true })
    return run({ action: 'backup', verify, compression })
  }
  const restore = (verify: string, name: string) => run({ action: 'restore', verify, name })

  // not counted: it fills the caches
  await backUp('checksums')
  for (let round = 0; round < rounds; round += 1) {
    await record('plain_backup', () => measured(byTool(subject.plainBackup)))
    await record('backup', () => backUp('checksums'))
    if (subject.url.startsWith('sqlite:'))
      await record('uncompressed_backup', () => backUp('checksums', 'none'))
  }
  const { name } = await record('proven_backup', () => backUp('restore'))

  const refused: number[] = []
  const plainRefused: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await subject.spoil()
    const plain = await whileQueried(url, oneClient, () => measured(byTool(subject.plainRestore)))
    await record('plain_restore', () => plain.result)
    plainRefused.push(plain.refusedMs)
    for (const [key, verify] of [
      ['restore', 'checksums'],
      ['verified_restore', 'full'],
    ] as const) {
      await subject.spoil()
      const ours = await whileQueried(url, oneClient, () => restore(verify, name))
      await record(key, () => ours.result)
      refused.push(ours.refusedMs)
    }
  }
  await subject.spoil()
  const isFile = url.startsWith('sqlite:')
  // whose clients are functions of one process: one at a time
  const busy = await whileQueried(url, isFile ? oneClient : eightBusyClients, () =>
    restore('checksums', name),
  )

  for (const [key, costs] of runs) {
    found(`${key}_ms`, median(costs.map(({ ms }) => ms)))
    found(`${key}_cpu_ms`, median(costs.map(({ cpuMs }) => cpuMs)))
  }
  const ratio = (ours: string, plain: string) =>
    found(
      `${ours}_ratio`,
      median(
        (runs.get(ours) ?? []).map(({ ms }, round) => ms / (runs.get(plain)?.[round]?.ms ?? Number.NaN)),
      ),
    )
  ratio('backup', 'plain_backup')
  if (runs.has('uncompressed_backup')) ratio('uncompressed_backup', 'plain_backup')
  ratio('proven_backup', 'plain_backup')
  ratio('restore', 'plain_restore')
  ratio('verified_restore', 'plain_restore')
  found('plain_refused_ms', Math.max(...plainRefused))
  found('one_client_refused_ms', Math.max(...refused))
  found('calm_ms', busy.calmMs)
  found('refused_ms', subject.url.startsWith('sqlite:') ? Math.max(...refused) : busy.refusedMs)
  found('peak_mb', Math.max(...[...runs.values()].flat().map(({ peakMb }) => peakMb)))
}

const oneClient = { clients: 1, intervalMs: 10 }
const eightBusyClients = { clients: 8, intervalMs: 0 }

async function measured(work: () => Promise<Partial<Cost>>): Promise<Cost> {
  const [begun, before] = [performance.now(), readChildrensCpuMs()]
  const found = await work()
  return {
    peakMb: 0,
    name: '',
    ...found,
    ms: performance.now() - begun,
    cpuMs: readChildrensCpuMs() - before,
  }
}

function byTool(work: () => void): () => Promise<Partial<Cost>> {
  return async () => {
    work()
    return {}
  }
}

/** Of the children of this process that have ended, and theirs: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function readChildrensCpuMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const ticksPerSecond = 100
  return ((Number(fields[13]) + Number(fields[14])) * 1000) / ticksPerSecond
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/**
 * What an action costs before it does anything: the time to its first line and to its first request, and the bytes that it has
 * loaded when it reads its inputs, and by its first request. The first line is paired run by run with that of
 * actions/checkout, whose folder of bundles is given by CHECKOUT_DIST.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { actions } from '../src/actions/table.ts'
import { variableOf } from '../src/runner/inputs.ts'
import type { Findings } from './main.ts'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const count = ['--import', new URL('./support/count-loaded.ts', import.meta.url).href]
const rounds = 15

export async function measure(say: (line: string) => void): Promise<Findings> {
  const checkout = join(process.env['CHECKOUT_DIST'] ?? '', 'index.js')
  if (!existsSync(checkout))
    throw new Error(
      'CHECKOUT_DIST names no folder with an index.js; give it the dist folder of actions/checkout',
    )
  const directory = mkdtempSync(join(tmpdir(), 'bench-start-'))
  const counted = join(directory, 'loaded')
  const server = await listen()
  try {
    const shared = jobVariables(directory, server.url)
    const [lines, lights, loads]: [number[], number[], number[]] = [[], [], []]
    const figures: Record<string, number> = {}
    for (const { name } of actions) {
      const bundle = join(dist, name, 'index.js')
      const job = { ...shared, ...own[name] }
      const wrong = { ...job, [variableOf('environment')]: 'a\nb' }
      const ratios: number[] = []
      const [ours, theirs, request]: [number[], number[], number[]] = [[], [], []]
      for (let round = -1; round < rounds; round++) {
        const mine = await start(bundle, wrong)
        const other = await start(checkout, { ...job, [variableOf('repository')]: 'octo-org/shop' })
        const asked = await untilRequest(bundle, job, server.next)
        if (round < 0) continue
        ours.push(mine)
        theirs.push(other)
        ratios.push(mine / other)
        request.push(asked)
      }
      await start(bundle, { ...wrong, LOADED_BYTES: counted }, count)
      const light = readKilobytes(counted)
      if (Number.isNaN(await untilRequest(bundle, { ...job, LOADED_BYTES: counted }, server.next, count)))
        throw new Error(`${bundle} makes no request: it does not accept its inputs`)
      const loaded = readKilobytes(counted)
      lines.push(median(ratios))
      lights.push(light)
      loads.push(loaded)
      figures[`${name}_start_kb`] = loaded
      figures[`${name}_first_line_ratio`] = round2(median(ratios))
      say(
        `${name}: ${light} kB loaded when it reads its inputs, ${loaded} kB at its first request; first line after ${Math.round(median(ours))} ms (checkout ${Math.round(median(theirs))} ms, ratio ${round2(median(ratios))}); first request after ${Math.round(median(request))} ms`,
      )
    }
    return {
      figures: {
        ...figures,
        largest_before_inputs_kb: Math.max(...lights),
        largest_start_kb: Math.max(...loads),
        worst_first_line_ratio: round2(Math.max(...lines)),
      },
      goals: {
        largest_before_inputs_kb: { atMost: 40 },
        largest_start_kb: { atMost: 1000 },
        worst_first_line_ratio: { atMost: 1 },
      },
    }
  } finally {
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What an action requires under a name that means something else to another. */
const own: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'config-rollback': { [variableOf('mode')]: 'list' },
  issueops: { GITHUB_EVENT_NAME: 'issue_comment' },
}

/** Starts a bundle, and ends it at its first byte. @returns ms to that byte, or to its end if it prints nothing */
function start(
  bundle: string,
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = performance.now()
    const child = spawn(process.execPath, [...flags, bundle], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let first: number | undefined
    const seen = () => {
      first ??= performance.now() - from
      child.kill('SIGKILL')
    }
    child.stdout.once('data', seen)
    child.stderr.once('data', seen)
    child.once('error', reject)
    child.once('close', () => resolve(first ?? performance.now() - from))
  })
}

/** Starts a bundle, and ends it at its first request. @returns ms to that request; NaN if it makes none */
async function untilRequest(
  bundle: string,
  env: Readonly<Record<string, string>>,
  next: () => Promise<number>,
  flags: readonly string[] = [],
): Promise<number> {
  const asked = next()
  const child = spawn(process.execPath, [...flags, bundle], { env, stdio: 'ignore' })
  const ended = new Promise<number>((resolve) => void child.once('close', () => resolve(Number.NaN)))
  const first = await Promise.race([asked, ended])
  child.kill('SIGKILL')
  await ended
  return first
}

function readKilobytes(file: string): number {
  return Math.round(Number(readFileSync(file, 'utf8')) / 1000)
}

/** A server that answers nothing of use, and says when it is asked. */
async function listen() {
  let from = 0
  let asked: (ms: number) => void = () => {}
  const server = createServer((_, response) => {
    asked(performance.now() - from)
    response.writeHead(404).end('{}')
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    /** @returns ms from this call to the next request */
    next: () => {
      from = performance.now()
      return new Promise<number>((resolve) => {
        asked = resolve
      })
    },
    close: () => server.close(),
  }
}

function jobVariables(directory: string, apiUrl: string): Readonly<Record<string, string>> {
  const event = join(directory, 'event.json')
  const user = { login: 'octocat', type: 'User' }
  const comment = { id: 1, body: '/hold', user }
  writeFileSync(event, JSON.stringify({ action: 'created', issue: { number: 1 }, comment, sender: user }))
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: directory,
    RUNNER_TEMP: directory,
    GITHUB_WORKSPACE: directory,
    GITHUB_REPOSITORY: 'octo-org/shop',
    GITHUB_API_URL: apiUrl,
    GITHUB_SERVER_URL: apiUrl,
    GITHUB_SHA: '0'.repeat(40),
    GITHUB_REF: 'refs/heads/main',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: event,
    GITHUB_ACTOR: 'octocat',
    [variableOf('token')]: 'ghs_0123456789',
    // what some of the actions require
    [variableOf('database-url')]: `sqlite:${join(directory, 'app.db')}`,
    [variableOf('storage')]: join(directory, 'backups'),
    [variableOf('migrations')]: 'db/migrations',
    [variableOf('channels')]: 'Shop-ios/Production',
    [variableOf('server-url')]: 'https://codepush.example.com',
    [variableOf('access-key')]: 'key-0123456789',
    [variableOf('url')]: 'https://shop.example.com',
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}

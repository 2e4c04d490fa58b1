/**
 * What an action costs before it does anything: the time to its first line, the time to its first request, and the bytes that
 * it has loaded by then. The first line is paired run by run with the bundle of actions/checkout, whose folder is given by
 * CHECKOUT_DIST.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { actions } from '../src/actions/table.ts'
import { variableOf } from '../src/runner/inputs.ts'
import type { Findings } from './main.ts'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const counter = new URL('./support/count-loaded.ts', import.meta.url).href
const rounds = 15

export async function measure(say: (line: string) => void): Promise<Findings> {
  const checkout = join(process.env['CHECKOUT_DIST'] ?? '', 'index.js')
  if (!existsSync(checkout))
    throw new Error(
      'CHECKOUT_DIST names no folder with an index.js; give it the dist folder of actions/checkout',
    )
  const directory = mkdtempSync(join(tmpdir(), 'bench-start-'))
  const server = await listen()
  try {
    const shared = jobVariables(directory, server.url)
    const lines: number[] = []
    const figures: Record<string, number> = {}
    for (const { name } of actions) {
      const bundle = join(dist, name, 'index.js')
      const job = { ...shared, ...own[name] }
      const ratios: number[] = []
      const [ours, theirs, request]: [number[], number[], number[]] = [[], [], []]
      for (let round = -1; round < rounds; round++) {
        const mine = await start(bundle, { ...job, [variableOf('environment')]: 'a\nb' })
        const other = await start(checkout, { ...job, [variableOf('repository')]: 'octo-org/shop' })
        const asked = await untilRequest(bundle, job, server.next)
        if (round < 0) continue
        ours.push(mine)
        theirs.push(other)
        ratios.push(mine / other)
        request.push(asked)
      }
      const loaded = await loadedBytes(
        bundle,
        { ...job, LOADED_BYTES: join(directory, 'loaded') },
        server.next,
      )
      const whole = readdirSync(join(dist, name))
        .filter((file) => file.endsWith('.js'))
        .reduce((sum, file) => sum + statSync(join(dist, name, file)).size, 0)
      lines.push(median(ratios))
      figures[`${name}_start_kb`] = Math.round(loaded / 1000)
      figures[`${name}_first_line_ratio`] = round2(median(ratios))
      say(
        `${name}: ${Math.round(loaded / 1000)} kB loaded at its first request, of ${Math.round(whole / 1000)} kB; first line after ${Math.round(median(ours))} ms (checkout ${Math.round(median(theirs))} ms, ratio ${round2(median(ratios))}); first request after ${Math.round(median(request))} ms`,
      )
    }
    const sizes = Object.entries(figures).flatMap(([key, value]) =>
      key.endsWith('_start_kb') ? [value] : [],
    )
    return {
      figures: {
        ...figures,
        largest_start_kb: Math.max(...sizes),
        worst_first_line_ratio: round2(Math.max(...lines)),
      },
      goals: { largest_start_kb: { atMost: 1000 }, worst_first_line_ratio: { atMost: 1 } },
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
function start(bundle: string, env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const from = performance.now()
    const child = spawn(process.execPath, [bundle], { env, stdio: ['ignore', 'pipe', 'pipe'] })
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

async function loadedBytes(
  bundle: string,
  env: Readonly<Record<string, string>> & { readonly LOADED_BYTES: string },
  next: () => Promise<number>,
): Promise<number> {
  const first = await untilRequest(bundle, env, next, ['--import', counter])
  if (Number.isNaN(first)) throw new Error(`${bundle} makes no request: it does not accept its inputs`)
  return Number(readFileSync(env.LOADED_BYTES, 'utf8'))
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

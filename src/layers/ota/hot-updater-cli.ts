import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { InputError, message, RefusedError, setting, UnavailableError } from '../../errors.ts'
import { type CommandProject, type Ended, parseJson, runCommand, saidBy } from './command-line.ts'
import { demandPlatform, pageSchema, toReleases, warnOfReturn } from './hot-updater.ts'
import type { ChannelName, Release } from './release.ts'
import type { AskableServer, UpdateServer, WriteOutcome } from './update-server.ts'

/** So many of the newest bundles are read: servers give no more at once. */
const limit = 100
const program = 'hot-updater'

/**
 * hot-updater by its own command line, which reaches what the project's hot-updater.config has: Supabase, Cloudflare, AWS, Firebase or a
 * server of one's own. A release goes back by being disabled. It has no place for our marks: `disable` and `enable` take no message.
 * @param ask how devices are asked; without it they are not
 */
export function openHotUpdaterCli(project: CommandProject, ask?: AskableServer['ask']): UpdateServer {
  const change = (command: 'enable' | 'disable') => async (_: ChannelName, label: string) =>
    write(project, ['bundle', command, label, '--yes'])
  return {
    kind: 'hot-updater-cli',
    at: 'the server of hot-updater.config',
    goesBackBy: 'disabling',
    prefers: 'newer',
    keepsNoMarks: true,
    warnOfReturn,
    read: async (name) => ({ name, deviceKey: '', releases: await listReleases(project, name) }),
    disable: change('disable'),
    enable: change('enable'),
    release: () => Promise.reject(new TypeError('hot-updater is rolled back by disabling')),
    describe: () => Promise.reject(new RefusedError('the hot-updater command line does not change messages')),
    ask,
  }
}

async function listReleases(project: CommandProject, name: ChannelName): Promise<readonly Release[]> {
  demandPlatform(name)
  const { app, deployment } = name
  const args = [
    'bundle',
    'list',
    `--channel=${deployment}`,
    `--platform=${app}`,
    `--limit=${limit}`,
    '--json',
  ]
  const ended = await run(project, args)
  if (ended.status !== 0) throw explain('bundle list', ended)
  // a configuration may print lines of its own before
  const parsed = pageSchema.safeParse(
    parseJson(ended.printed.slice(Math.max(0, ended.printed.search(/^\{/m)))),
  )
  if (parsed.success) return toReleases(parsed.data.data)
  throw new RefusedError(
    `hot-updater bundle list printed unexpected output: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}; use hot-updater 0.36 or a compatible version`,
  )
}

/** @throws RefusedError, InputError */
async function write(project: CommandProject, args: readonly string[]): Promise<WriteOutcome> {
  // it may have been written before the time was over
  const ended = await run(project, args).catch((error: unknown) => {
    if (error instanceof UnavailableError) return undefined
    throw error
  })
  if (ended === undefined) return 'unknown'
  if (ended.status === 0) return 'accepted'
  const error = explain(args.slice(0, 2).join(' '), ended)
  if (error instanceof UnavailableError) return 'unknown'
  throw error
}

/** @throws InputError for a folder without the command line, UnavailableError */
async function run(project: CommandProject, args: readonly string[]): Promise<Ended> {
  const installed = await findProgram(project.folder)
  const ended = installed === undefined ? undefined : await runCommand(project, installed, args)
  if (ended !== undefined) return ended
  throw new InputError(
    message`hot-updater is not installed in ${setting('ota.project')} "${project.folder}"; install the project's dependencies in a step before, such as \`npm ci\``,
  )
}

/** The one that the project has: its configuration stands on packages of the same version. A workspace may have it further up. */
async function findProgram(folder: string): Promise<string | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, 'node_modules/.bin', program)
    const found = await stat(path).then(
      () => true,
      () => false,
    )
    if (found) return path
    if (dirname(at) === at) return undefined
  }
}

/** The banner, and what Node prints around an error. */
const noise = /^(?:at |Node\.js v|\^|file:\/\/|[╭╰]|Hot Updater - React Native|Github: https:|Give a )/

function explain(command: string, { printed, complained }: Ended): Error {
  const said = saidBy(`${complained}\n${printed}`.replace(/^[│■ \t]+|[│ \t]+$/gm, ''), noise)
  if (/fetch failed|ECONN|ENOTFOUND|ETIMEDOUT|socket hang up|\b50[234]\b/i.test(said))
    return new UnavailableError(`hot-updater ${command} could not reach its server (${said})`)
  return new RefusedError(`hot-updater ${command} failed: ${said || 'it did not say why'}`)
}

import { z } from 'zod'
import { InputError, message, RefusedError, setting, UnavailableError } from '../../errors.ts'
import { type EasProject, runEas } from './eas-command.ts'
import { type ChannelName, formatChannel, type Release } from './release.ts'
import type { AskableServer, Copy, UpdateServer, WriteOutcome } from './update-server.ts'

const groupId = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'no id of an update group')
const groupSchema = z.object({
  group: groupId,
  /** `"what people wrote" (4 hours ago by ci (robot))` */
  message: z.string().nullish(),
  runtimeVersion: z.string().min(1),
  isRollBackToEmbedded: z.boolean().nullish(),
  rolloutPercentage: z.number().nullish(),
})
const listSchema = z.object({ currentPage: z.array(groupSchema) })
const publishedSchema = z.array(z.object({ group: groupId })).min(1)
type Group = z.infer<typeof groupSchema>

const platforms = ['all', 'ios', 'android']
/** How many groups the command line lists at once. */
const pageSize = 50
/** It cuts longer messages off at 512, and what they copy is at their end. */
const maxMessage = 400
/** What its own rollback writes at the end of a message. */
const copyPattern = /\s*\(group: ([0-9a-f-]{36})\)$/i

/**
 * EAS Update, by Expo's own command line. A channel's app is the platform, `ios`, `android` or `all`, and its deployment
 * the branch; a release is an update group, and its binary a runtime version. Nothing can be disabled: a release goes
 * back by publishing an older group again, or with nothing to go back to what came from the store.
 * @param ask how devices are asked; without it they are not
 */
export function openEas(project: EasProject, ask?: AskableServer['ask']): UpdateServer {
  const list = (name: ChannelName) => listGroups(project, name)
  const republish = (name: ChannelName, label: string, description: string) =>
    publish(project, [
      'update:republish',
      `--group=${label}`,
      `--message=${messageOf(description, label)}`,
      `--platform=${name.app}`,
    ])
  return {
    kind: 'eas',
    at: 'https://expo.dev',
    goesBackBy: 'republishing',
    // a runtime version is one, and no range
    prefers: 'narrower',
    read: async (name) => ({
      name,
      deviceKey: '',
      platforms: name.app === 'all' ? ['ios', 'android'] : [name.app],
      releases: toReleases(await list(name)),
    }),
    async disable(name, label, description) {
      const { runtimeVersion } = find(await list(name), label, name)
      return publish(project, [
        'update:roll-back-to-embedded',
        `--branch=${name.deployment}`,
        `--runtime-version=${runtimeVersion}`,
        `--message=${shorten(description)}`,
        `--platform=${name.app}`,
      ])
    },
    enable: republish,
    async release(name, { label, over, description }: Copy) {
      const groups = await list(name)
      const top = find(groups, over, name)
      const own = groups.filter(({ runtimeVersion }) => runtimeVersion === top.runtimeVersion)
      // its rollback takes the group before, if the one that is named is still the newest: then it is ours
      const isItsOwn = name.app === 'all' && own[0]?.group === over && own[1]?.group === label
      if (!isItsOwn) return republish(name, label, description)
      return publish(project, [
        'update:rollback',
        over,
        `--message=${messageOf(description, label)}`,
        '--platform=all',
      ])
    },
    describe: () =>
      Promise.reject(new RefusedError('EAS does not change the message of an update that is published')),
    ask,
  }
}

/** Newest first. @throws InputError for a platform or branch that there is not, RefusedError, UnavailableError */
async function listGroups(project: EasProject, name: ChannelName): Promise<readonly Group[]> {
  const { app, deployment } = name
  if (!platforms.includes(app))
    throw new InputError(
      message`${setting('ota.channels')} names "${formatChannel(name)}"; for EAS write a platform and a branch: all/${deployment}, ios/${deployment} or android/${deployment}`,
    )
  const args = ['update:list', `--branch=${deployment}`, `--limit=${pageSize}`, `--platform=${app}`]
  const told = await runEas(project, args).catch((error: unknown) => {
    if (error instanceof RefusedError && /could not find branch/i.test(error.message))
      throw new InputError(
        message`EAS has no branch "${deployment}" for the project in ${project.folder}; write one it has in ${setting('ota.channels')}, as in all/production`,
      )
    throw error
  })
  const parsed = listSchema.safeParse(told)
  if (parsed.success) return parsed.data.currentPage
  throw new RefusedError(
    `eas update:list printed unexpected output: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}; use eas-cli 24.8 or a compatible version`,
  )
}

/** A group that tells devices to go back to the store's content disables the one below, as long as it is the newest. */
function toReleases(groups: readonly Group[]): readonly Release[] {
  return groups.flatMap((each, index): readonly Release[] => {
    if (each.isRollBackToEmbedded === true) return []
    const newer = groups
      .slice(0, index)
      .filter(({ runtimeVersion }) => runtimeVersion === each.runtimeVersion)
    const above = newer.at(-1)
    const isTakenBack = above?.isRollBackToEmbedded === true
    const message = readMessage(each)
    const copied = copyPattern.exec(message)?.[1]
    return [
      {
        label: each.group,
        binary: each.runtimeVersion,
        packageHash: originOf(each, groups),
        method: copied === undefined ? 'Upload' : 'Rollback',
        copyOf: copied === undefined ? undefined : { label: copied, deployment: '' },
        isDisabled: isTakenBack && newer.length === 1,
        rollout: each.rolloutPercentage ?? 100,
        // what is said of its end is not on the group, which cannot be changed, but on the one above
        description: isTakenBack ? readMessage(above) : message.replace(copyPattern, ''),
        releasedBy: '',
        // it is told as `4 hours ago`
        releasedAt: undefined,
      },
    ]
  })
}

/** Groups have no hash that is shown: one is the same as the one it says it copies. */
function originOf(group: Group, groups: readonly Group[]): string {
  const copied = copyPattern.exec(readMessage(group))?.[1]
  if (copied === undefined || copied === group.group) return group.group
  const older = groups.slice(groups.indexOf(group) + 1)
  const original = older.find((each) => each.group === copied)
  return original === undefined ? copied : originOf(original, older)
}

function readMessage({ message }: Group): string {
  return /^"([\s\S]*)" \([\s\S]*\)$/.exec(message ?? '')?.[1] ?? ''
}

function messageOf(description: string, copied: string): string {
  return `${shorten(description)} (group: ${copied})`
}

/** Our mark is at the end. */
function shorten(text: string): string {
  return text.length <= maxMessage ? text : `…${text.slice(-maxMessage)}`
}

function find(groups: readonly Group[], label: string, name: ChannelName): Group {
  const found = groups.find(({ group }) => group === label)
  if (found !== undefined) return found
  throw new RefusedError(`${formatChannel(name)} no longer has the update group ${label}`)
}

/** @throws RefusedError, InputError */
async function publish(project: EasProject, args: readonly string[]): Promise<WriteOutcome> {
  const told = await runEas(project, args).catch((error: unknown) => {
    // it may have been published before the line broke
    if (error instanceof UnavailableError) return undefined
    throw error
  })
  return publishedSchema.safeParse(told).success ? 'accepted' : 'unknown'
}

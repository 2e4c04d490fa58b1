import { z } from 'zod'
import { InputError, message, setting } from '../../errors.ts'
import { pathOf } from '../../http/api-request.ts'
import { ask, type Call, type Connection, parseJson, read, write } from './exchange.ts'
import { type ChannelName, formatChannel, type Release } from './release.ts'
import type { AskableServer, Copy, Device, Offer } from './update-server.ts'

/**
 * CodePush's two dialects: `microsoft` is its own open-source server, which Revopush and Codemagic descend from; `lisong`
 * is the older rewrite on npm, `code-push-server`, and its fork shm-open.
 */
export type Dialect = 'microsoft' | 'lisong'

const releaseSchema = z.object({
  label: z.string().regex(/^v\d+$/),
  appVersion: z.string().min(1),
  packageHash: z.string().min(1),
  releaseMethod: z.enum(['Upload', 'Promote', 'Rollback']).nullish(),
  originalLabel: z.string().nullish(),
  originalDeployment: z.string().nullish(),
  isDisabled: z.boolean().nullish(),
  rollout: z.number().nullish(),
  description: z.string().nullish(),
  releasedBy: z.string().nullish(),
  /** ms since the epoch */
  uploadTime: z.number().nullish(),
})
const historySchema = z.object({ history: z.array(releaseSchema) })
const deploymentsSchema = z.object({
  deployments: z.array(z.object({ name: z.string(), key: z.string().min(1) })),
})
const offerSchema = z.object({
  update_info: z.object({
    is_available: z.boolean(),
    is_mandatory: z.boolean().nullish(),
    is_disabled: z.boolean().nullish(),
    label: z.string().nullish(),
    package_hash: z.string().nullish(),
  }),
})

const headers = { accept: 'application/vnd.code-push.v2+json', 'x-codepush-sdk-version': '3.0.0' }

export function openCodePush(connection: Connection, dialect: Dialect): AskableServer {
  const deploymentPath = ({ app, deployment }: ChannelName, ...rest: readonly string[]) =>
    pathOf('apps', app, 'deployments', deployment, ...rest)
  const change = (name: ChannelName, packageInfo: Record<string, unknown>): Call => ({
    method: 'PATCH',
    path: deploymentPath(name, 'release'),
    headers,
    // lisong's server dies of a missing appVersion; null means to both that it stays
    json: { packageInfo: { ...packageInfo, appVersion: null } },
  })

  return {
    kind: dialect,
    at: connection.url,
    goesBackBy: 'releasing',
    prefers: dialect === 'microsoft' ? 'newer' : 'narrower',
    refusesSamePackage: dialect === 'microsoft',

    async read(name) {
      const deviceKey = await findDeviceKey(connection, name)
      const call = { path: deploymentPath(name, 'history'), headers }
      const { history } = await read(connection, call, historySchema)
      return {
        name,
        deviceKey,
        // one dialect answers oldest first, the other newest first; its times move with each change
        releases: history.map((each) => toRelease(each, dialect)).sort(newestFirst),
      }
    },

    disable: (name, label, description) =>
      write(connection, change(name, { label, isDisabled: true, description })),

    enable: (name, label, description) =>
      write(connection, change(name, { label, isDisabled: false, description })),

    release: (name, copy) => write(connection, releaseCall(name, copy, deploymentPath)),

    // a copy on lisong's server is offered to as many as its original was; on Microsoft's to all
    describe: (name, label, description) =>
      write(connection, change(name, { label, description, ...(dialect === 'lisong' && { rollout: 100 }) })),

    ask: (channel, device) => askForUpdate(connection, channel.deviceKey, device),
  }
}

async function findDeviceKey(connection: Connection, { app, deployment }: ChannelName): Promise<string> {
  const call = { path: pathOf('apps', app, 'deployments'), headers }
  const answer = await ask(connection, call)
  // 406 is what lisong's server says to everything it does not like
  if (answer.status === 404 || answer.status === 406)
    throw new InputError(
      message`${connection.url} has no app "${app}" that this key may see; write one it has in ${setting('ota.channels')}`,
    )
  const { deployments } = await read(connection, call, deploymentsSchema)
  const found = deployments.find(({ name }) => name === deployment)
  if (found !== undefined) return found.key
  const names = deployments.map(({ name }) => name).join(', ') || 'none'
  throw new InputError(
    message`the app "${app}" has no deployment "${deployment}" (it has ${names}); write one of them in ${setting('ota.channels')}, as in ${formatChannel({ app, deployment: deployments[0]?.name ?? 'Production' })}`,
  )
}

function toRelease(
  {
    label,
    appVersion,
    packageHash,
    releaseMethod,
    originalLabel,
    originalDeployment,
    isDisabled,
    rollout,
    description,
    releasedBy,
    uploadTime,
  }: z.infer<typeof releaseSchema>,
  dialect: Dialect,
): Release {
  // lisong's server says of every release that it is enabled for all
  const tells = dialect === 'microsoft'
  return {
    label,
    binary: appVersion,
    packageHash,
    method: releaseMethod ?? 'Upload',
    copyOf: originalLabel ? { label: originalLabel, deployment: originalDeployment ?? '' } : undefined,
    isDisabled: tells ? (isDisabled ?? false) : undefined,
    rollout: tells ? (rollout ?? 100) : undefined,
    description: description ?? '',
    releasedBy: releasedBy ?? '',
    releasedAt: uploadTime == null ? undefined : new Date(uploadTime),
  }
}

function newestFirst(a: Release, b: Release): number {
  return Number(b.label.slice(1)) - Number(a.label.slice(1))
}

function releaseCall(
  name: ChannelName,
  { label, binary, by, description, rollout }: Copy,
  deploymentPath: (name: ChannelName, ...rest: readonly string[]) => string,
): Call {
  const common = { method: 'POST', headers } as const
  if (by === 'rollback') return { ...common, path: deploymentPath(name, 'rollback', label), json: {} }
  const path = deploymentPath(name, 'promote', name.deployment)
  const packageInfo = { label, appVersion: binary, description, ...(rollout !== undefined && { rollout }) }
  return { ...common, path, json: { packageInfo } }
}

/** https://github.com/microsoft/code-push-server/blob/main/api/script/routes/acquisition.ts */
async function askForUpdate(connection: Connection, deviceKey: string, device: Device): Promise<Offer> {
  const query = new URLSearchParams({
    deployment_key: deviceKey,
    app_version: device.binary,
    client_unique_id: `rollback-check-${device.number}`,
    ...(device.on && { label: device.on.label, package_hash: device.on.packageHash }),
  })
  const call = { path: `/v0.1/public/codepush/update_check?${query}`, withKey: false }
  const { update_info: info } = await read(connection, call, offerSchema)
  // a release that is disabled is named all the same by lisong's server
  if (!info.is_available) {
    if (!info.label || info.is_disabled == null) return { kind: 'nothing' }
    return { kind: 'nothing', withheld: { label: info.label, isDisabled: info.is_disabled } }
  }
  return {
    kind: 'update',
    label: info.label ?? '',
    packageHash: info.package_hash ?? '',
    isMandatory: info.is_mandatory ?? false,
  }
}

/**
 * Tells the kind of server from its answer to a request without a key, which changes nothing.
 * @throws InputError when it is none of those we know
 */
export async function detectKind(connection: Connection): Promise<Dialect | 'hot-updater'> {
  const call = { path: '/authenticated', withKey: false }
  const { status, body } = await ask(connection, call)
  if (status === 401) return 'microsoft'
  const json = parseJson(body)
  if (status === 200 && z.object({ name: z.literal('UnauthorizedError') }).safeParse(json).success)
    return 'lisong'
  const version = await ask(connection, { path: '/version', withKey: false })
  if (version.status === 200 && z.object({ version: z.string() }).safeParse(parseJson(version.body)).success)
    return 'hot-updater'
  throw new InputError(
    message`${connection.url} does not answer as an update server does (${status} to /authenticated); write the address of its API in ${setting('ota.server-url')}, or say in ${setting('ota.server-kind')} what it is`,
  )
}

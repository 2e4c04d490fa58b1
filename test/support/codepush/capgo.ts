import { createServer, type IncomingMessage } from 'node:http'

interface Bundle {
  readonly id: number
  readonly name: string
  readonly checksum: string
  comment: string | null
  deleted: boolean
  readonly created_at: string
}

interface Channel {
  public: boolean
  ios: boolean
  underNative: boolean
  updated_at: string
  version: number | null
  rollout: number | null
  rolloutEnabled: boolean
  rolloutPaused: boolean
  rolloutBps: number
}

type Body = Readonly<Record<string, unknown>>

const app = 'com.example.shop'
const pageSize = 50

/**
 * Answers as Capgo's public API and its update endpoint do, in the shapes of Cap-go/capgo 4bc7d83 (2026-07-24): channel/post.ts,
 * channel/get.ts, bundle/get.ts, bundle/update_metadata.ts and plugin_runtime/utils/update.ts. It is not Capgo, which tests cannot reach.
 */
export async function startCapgo() {
  const accessKey = '3f1c6f0e-capgo-key-0123456789'
  const bundles: Bundle[] = []
  const channels = new Map<string, Channel>()
  const written: (readonly [string, Body])[] = []
  const devices = new Set<string>()
  let minute = 0
  let before: ((path: string) => void) | undefined
  let broken: { readonly path: string; readonly when: 'before' | 'after' } | undefined

  const now = () => new Date(Date.UTC(2026, 10, 25) + 60_000 * minute++).toISOString()
  const idOf = (name: unknown) => bundles.find((each) => each.name === name && !each.deleted)?.id
  const link = (id: number | null) => {
    const found = bundles.find((each) => each.id === id)
    return found === undefined ? null : { name: found.name, id: found.id }
  }
  const show = (name: string, channel: Channel) => ({
    id: 7,
    created_at: '2026-01-01T00:00:00+00:00',
    name,
    app_id: app,
    created_by: '00000000-0000-4000-8000-000000000000',
    updated_at: channel.updated_at,
    public: channel.public,
    allow_device_self_set: false,
    rollout_version: channel.rollout,
    rollout_version_info: link(channel.rollout),
    rolloutEnabled: channel.rolloutEnabled,
    rolloutPercentageBps: channel.rolloutBps,
    rolloutPausedAt: channel.rolloutPaused ? '2026-11-25T00:00:00+00:00' : null,
    version: link(channel.version),
  })

  const set = (body: Body): readonly [number, unknown] => {
    const channel = channels.get(String(body['channel']))
    if (channel === undefined)
      return [400, { error: 'cannot_find_channel', message: 'Cannot find channel', moreInfo: {} }]
    const { version, rolloutVersion } = body
    if (version !== undefined) {
      const id = version === 'builtin' || version === null ? null : idOf(version)
      if (id === undefined) return [500, { error: 'unknown_error', message: 'Unknown error', moreInfo: {} }]
      channel.version = id
    }
    if (rolloutVersion !== undefined) channel.rollout = idOf(rolloutVersion) ?? null
    if (typeof body['rolloutPercentageBps'] === 'number') channel.rolloutBps = body['rolloutPercentageBps']
    if (typeof body['rolloutEnabled'] === 'boolean') channel.rolloutEnabled = body['rolloutEnabled']
    if (typeof body['rolloutPaused'] === 'boolean') channel.rolloutPaused = body['rolloutPaused']
    if (body['rollback'] === true)
      Object.assign(channel, { rollout: null, rolloutEnabled: false, rolloutBps: 0, rolloutPaused: false })
    channel.updated_at = now()
    return [200, { status: 'ok' }]
  }

  const offer = (body: Body): readonly [number, unknown] => {
    const { app_id, version_name: on, version_build: build, platform, device_id: device } = body
    devices.add(String(device))
    if (app_id !== app) return [429, { error: 'on_premise_app', message: 'On-premise app detected' }]
    const channel = channels.get(String(body['defaultChannel']))
    if (channel === undefined)
      return [200, { error: 'no_channel', message: 'no default channel or override', kind: 'failed' }]
    const rollout = link(channel.rollout)
    const share = Number.parseInt(String(device).slice(0, 4), 16) / 0xffff
    const isSelected =
      rollout !== null &&
      channel.rolloutEnabled &&
      (on === rollout.name || (!channel.rolloutPaused && share * 10_000 < channel.rolloutBps))
    const version = isSelected ? rollout : link(channel.version)
    const name = version?.name ?? 'builtin'
    const found = bundles.find((each) => each.id === version?.id)
    if (found?.deleted === true)
      return [200, { error: 'no_bundle', message: 'Cannot get bundle', kind: 'failed' }]
    if (on === name && name !== 'builtin')
      return [
        200,
        { error: 'no_new_version_available', message: 'No new version available', kind: 'up_to_date' },
      ]
    if (!channel.ios && platform === 'ios')
      return [
        200,
        { error: 'disabled_platform_ios', message: "Cannot update, ios it's disabled", kind: 'blocked' },
      ]
    if (!channel.public)
      return [
        200,
        {
          error: 'cannot_update_via_private_channel',
          message: 'Cannot update via a private channel',
          kind: 'blocked',
        },
      ]
    const major = (text: unknown) => Number(String(text).split('.')[0])
    if (name !== 'builtin' && major(name) > major(build))
      return [
        200,
        { error: 'disable_auto_update_to_major', message: 'Cannot upgrade major version', kind: 'blocked' },
      ]
    const isUnder = name.localeCompare(String(build), 'en', { numeric: true }) < 0
    if (name !== 'builtin' && channel.underNative && isUnder)
      return [
        200,
        {
          error: 'disable_auto_update_under_native',
          message: 'Cannot revert under native version',
          kind: 'blocked',
        },
      ]
    if (found === undefined)
      return [
        200,
        {
          error: 'already_on_builtin',
          message: 'Already on builtin',
          kind: 'up_to_date',
          ...(on !== 'builtin' && { version: 'builtin' }),
        },
      ]
    return [
      200,
      {
        version: name,
        url: `https://files.example/${found.id}.zip`,
        session_key: '',
        checksum: found.checksum,
      },
    ]
  }

  const page = <T>(all: readonly T[], query: URLSearchParams) => {
    const from = Number(query.get('page') ?? 0) * pageSize
    return all.slice(from, from + pageSize)
  }

  const answer = (method: string, url: URL, body: Body): readonly [number, unknown] => {
    const id = method === 'GET' ? url.searchParams.get('app_id') : body['app_id']
    if (id !== app)
      return [
        400,
        { error: 'cannot_access_app', message: "You can't access this app", moreInfo: { app_id: id } },
      ]
    if (method === 'GET' && url.pathname === '/channel')
      return [
        200,
        page(
          [...channels].map(([name, channel]) => show(name, channel)),
          url.searchParams,
        ),
      ]
    if (method === 'GET' && url.pathname === '/bundle') {
      const found = page(bundles.filter((each) => !each.deleted).reverse(), url.searchParams)
      return found.length === 0
        ? [400, { error: 'cannot_get_bundle', message: 'Cannot get bundle', moreInfo: {} }]
        : [200, found]
    }
    if (method === 'POST' && url.pathname === '/channel') return set(body)
    if (method === 'POST' && url.pathname === '/bundle/metadata') {
      const found = bundles.find((each) => each.id === body['version_id'])
      if (found === undefined)
        return [400, { error: 'cannot_find_version', message: 'Cannot find version', moreInfo: {} }]
      found.comment = String(body['comment'])
      return [200, { status: 'success' }]
    }
    return [404, { error: 'not_found', message: 'Not found' }]
  }

  const server = createServer(async (request, response) => {
    const method = request.method ?? 'GET'
    const url = new URL(request.url ?? '/', 'http://x')
    const body = method === 'POST' ? await bodyOf(request) : {}
    const send = ([status, value]: readonly [number, unknown]) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (method === 'POST' && url.pathname === '/updates') return send(offer(body))
    if (request.headers.authorization !== accessKey)
      return send([401, { error: 'invalid_apikey', message: 'Invalid apikey', moreInfo: {} }])
    before?.(`${method} ${url.pathname}`)
    const fault = broken?.path === `${method} ${url.pathname}` ? broken : undefined
    if (fault !== undefined) broken = undefined
    if (fault?.when === 'before') return void request.socket.destroy()
    const answered = answer(method, url, body)
    if (method === 'POST') written.push([url.pathname, body])
    if (fault?.when === 'after') return void request.socket.destroy()
    send(answered)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')

  const channelOf = (name: string): Channel => {
    const found = channels.get(name) ?? {
      public: true,
      ios: true,
      underNative: true,
      updated_at: now(),
      version: null,
      rollout: null,
      rolloutEnabled: false,
      rolloutPaused: false,
      rolloutBps: 0,
    }
    channels.set(name, found)
    return found
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    accessKey,
    app,
    written: written as readonly (readonly [string, Body])[],
    /** the ids that asked for updates */
    devices: devices as ReadonlySet<string>,
    channel: channelOf,
    /** Uploads a bundle, and points a channel to it, as `capgo bundle upload --channel` does. @param percent of a rollout */
    upload(
      name: string,
      {
        channel = 'production',
        content = name,
        percent,
      }: { channel?: string | undefined; content?: string; percent?: number } = {},
    ) {
      const id = bundles.length + 1
      bundles.push({
        id,
        name,
        checksum: `sum-of-${content}`,
        comment: null,
        deleted: false,
        created_at: now(),
      })
      if (channel === '') return
      const found = channelOf(channel)
      found.updated_at = now()
      if (percent === undefined) found.version = id
      else Object.assign(found, { rollout: id, rolloutEnabled: true, rolloutBps: percent * 100 })
    },
    point: (channel: string, version: string) => void set({ channel, version, rollback: true }),
    comment: (name: string) => bundles.find((each) => each.name === name)?.comment,
    remove(name: string) {
      for (const each of bundles) if (each.name === name) each.deleted = true
    },
    /** Runs before each request with a key. */
    onRequest(then: (path: string) => void) {
      before = then
    },
    /** The line breaks once, before or after the deed. */
    breakOnce(path: string, when: 'before' | 'after') {
      broken = { path, when }
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return JSON.parse(text) as Body
}

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { satisfies, valid } from 'semver'
import { z } from 'zod'

/**
 * The API of Microsoft's code-push-server, as its transcripts and source have it (commit ff1d84c, 2025-05-20): the texts
 * of its refusals, how it chooses what a device is offered, and that it reads, changes and writes a deployment's whole
 * history without a lock, so that of two writes at once one is lost.
 */
export type MicrosoftServer = Awaited<ReturnType<typeof startMicrosoft>>

interface Stored {
  label: string
  appVersion: string
  packageHash: string
  description: string
  releaseMethod: 'Upload' | 'Promote' | 'Rollback'
  isMandatory: boolean
  isDisabled?: boolean
  rollout: number | null
  originalLabel?: string
  originalDeployment?: string
  uploadTime: number
  releasedBy: string
}

interface Deployment {
  readonly key: string
  history: Stored[]
}

/** What goes wrong with the next requests that match. */
export interface Fault {
  readonly method?: string
  /** part of the path */
  readonly path: string
  /** how many of them */
  readonly times?: number
  /** how many that match are let through first */
  readonly skip?: number
  /** called once the request is carried out, before it is answered */
  readonly afterwards?: () => Promise<void>
  /** called before the request is carried out */
  readonly meanwhile?: () => void
  /** carries the request out, and answers so all the same; without it, the request is not carried out */
  readonly carriedOut?: boolean
  /** `drop` closes the connection */
  readonly answer?:
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
    | 'drop'
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

const maxHistory = 50
const accessKey = 'ms-access-key-0123456789'

/** @param storageMs how long reading and writing a history takes: two requests within it run over each other, ms */
export async function startMicrosoft({ storageMs = 5 } = {}) {
  const apps = new Map<string, Map<string, Deployment>>()
  const requests: { readonly method: string; readonly path: string }[] = []
  const faults: { fault: Fault; skip: number; left: number }[] = []
  let clock = Date.UTC(2026, 10, 24)

  // answers to devices by what they asked, as the server keeps them in Redis
  const cache = new Map<string, Answer>()
  let caches = false

  const find = (app: string, name: string): Deployment => {
    const deployments = apps.get(app)
    if (deployments === undefined) throw new Refusal(404, `App "${app}" does not exist.`)
    const deployment = deployments.get(name)
    if (deployment === undefined) throw new Refusal(404, `Deployment "${name}" does not exist.`)
    return deployment
  }
  const now = () => {
    clock += 1000
    return clock
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://here')
    const method = request.method ?? 'GET'
    requests.push({ method, path: url.pathname })
    const hit = hitBy(faults, method, url.pathname)
    hit?.meanwhile?.()
    const body = await readBody(request)
    const carriesOut = hit?.answer === undefined || hit.carriedOut === true
    const answer = carriesOut ? await carryOut(request.headers.authorization, method, url, body) : undefined
    await hit?.afterwards?.()
    if (hit?.answer === 'drop') return void request.socket.destroy()
    if (hit?.answer !== undefined) {
      const { status, headers = {}, body: text = '' } = hit.answer
      return void response.writeHead(status, headers).end(text)
    }
    sendAnswer(response, answer ?? { status: 500, body: '' })
  })

  async function carryOut(
    authorization: string | undefined,
    method: string,
    url: URL,
    body: string,
  ): Promise<Answer> {
    try {
      if (url.pathname.startsWith('/v0.1/public/codepush/')) {
        const answer = (caches ? cache.get(url.search) : undefined) ?? askForUpdate(url)
        cache.set(url.search, answer)
        return answer
      }
      if (authorization !== `Bearer ${accessKey}`)
        throw new Refusal(
          401,
          'The session or access key being used is invalid, please run "code-push-standalone login" again.',
        )
      return await manage(method, url.pathname.split('/').slice(1).map(decodeURIComponent), body)
    } catch (error) {
      if (error instanceof Refusal) return { status: error.status, body: error.message }
      throw error
    }
  }

  async function manage(method: string, path: readonly string[], body: string): Promise<Answer> {
    const [root, app = '', , name = '', what, argument] = path
    if (root === 'authenticated') return { status: 200, body: { authenticated: true } }
    if (path.length === 3) {
      const deployments = apps.get(app)
      if (deployments === undefined) throw new Refusal(404, `App "${app}" does not exist.`)
      const listed = [...deployments].map(([each, { key }]) => ({ name: each, key, id: each, package: null }))
      return { status: 200, body: { deployments: listed } }
    }
    const deployment = find(app, name)
    if (method === 'GET' && what === 'history') return { status: 200, body: { history: deployment.history } }
    if (method === 'GET' && what === 'metrics') return { status: 200, body: { metrics: {} } }
    const info = infoSchema.parse(body === '' ? {} : JSON.parse(body)).packageInfo ?? {}
    // read, think, write: nothing keeps another request from doing so at the same time
    const history = structuredClone(deployment.history)
    if (storageMs > 0) await new Promise((resolve) => setTimeout(resolve, storageMs))
    if (method === 'PATCH' && what === 'release') return patch(deployment, history, info)
    if (method === 'POST' && what === 'rollback') return rollback(deployment, history, argument)
    if (method === 'POST' && what === 'promote')
      return promote(find(app, argument ?? ''), history, name, info)
    return { status: 404, body: 'Not found' }
  }

  function commit(deployment: Deployment, history: Stored[], release: Omit<Stored, 'label'>): Stored {
    const last = history.at(-1)
    // of the last release, whatever became of it
    if (last !== undefined) last.rollout = null
    const stored = { ...release, label: `v${Number(last?.label.slice(1) ?? 0) + 1}` }
    deployment.history = [...history, stored].slice(-maxHistory)
    return stored
  }

  function patch(deployment: Deployment, history: Stored[], info: Info): Answer {
    const release =
      info.label === undefined ? history.at(-1) : history.find(({ label }) => label === info.label)
    if (release === undefined) throw new Refusal(404, 'Release not found for given label.')
    const before = JSON.stringify(release)
    if (info.rollout !== undefined && info.rollout !== null) {
      if (info.rollout <= 0 || info.rollout > 100)
        throw new Refusal(400, '[{"field":"rollout","message":"Field is invalid"}]')
      if (release.rollout === null || release.rollout === 100)
        throw new Refusal(409, 'Cannot update rollout value for a completed rollout release.')
      if (release.rollout >= info.rollout)
        throw new Refusal(409, `Rollout value must be greater than "${release.rollout}", the existing value.`)
      release.rollout = info.rollout === 100 ? null : info.rollout
    }
    if (typeof info.isDisabled === 'boolean') release.isDisabled = info.isDisabled
    if (typeof info.isMandatory === 'boolean') release.isMandatory = info.isMandatory
    if (info.description) release.description = info.description
    if (info.appVersion) release.appVersion = info.appVersion
    if (JSON.stringify(release) === before) return { status: 204, body: '' }
    deployment.history = history
    return { status: 200, body: { package: release } }
  }

  function rollback(deployment: Deployment, history: Stored[], label: string | undefined): Answer {
    const current = history.at(-1)
    if (current === undefined)
      throw new Refusal(404, 'Cannot perform rollback because there are no releases on this deployment.')
    if (label === current.label)
      throw new Refusal(
        409,
        `Cannot perform rollback because the target release (${label}) is already the latest release.`,
      )
    const target = label ? history.find((each) => each.label === label) : history.at(-2)
    if (target === undefined) {
      throw new Refusal(
        404,
        label
          ? `Cannot perform rollback because the target release (${label}) could not be found in the deployment history.`
          : 'Cannot perform rollback because there are no prior releases to rollback to.',
      )
    }
    if (target.appVersion !== current.appVersion)
      throw new Refusal(
        409,
        'Cannot perform rollback to a different app version. Please perform a new release with the desired replacement package.',
      )
    const { label: originalLabel, originalDeployment: _, ...copied } = target
    const release = {
      ...copied,
      rollout: null,
      releaseMethod: 'Rollback' as const,
      originalLabel,
      uploadTime: now(),
    }
    commit(deployment, history, release)
    // the answer has no label
    return { status: 201, body: { package: release } }
  }

  function promote(destination: Deployment, source: readonly Stored[], from: string, info: Info): Answer {
    const release =
      info.label === undefined ? source.at(-1) : source.find(({ label }) => label === info.label)
    if (release === undefined)
      throw new Refusal(404, 'Cannot promote from a deployment with no enabled releases.')
    const history = structuredClone(destination.history)
    const last = history.at(-1)
    if (last !== undefined && last.rollout !== null && last.rollout !== 100 && last.isDisabled !== true)
      throw new Refusal(409, 'Cannot promote to an unfinished rollout release unless it is already disabled.')
    const version = release.appVersion
    const current = valid(version)
      ? history.findLast((each) => satisfies(version, each.appVersion))
      : last?.appVersion === version
        ? last
        : undefined
    if (current?.packageHash === release.packageHash)
      throw new Refusal(
        409,
        "The uploaded package was not promoted because it is identical to the contents of the targeted deployment's current release.",
      )
    const stored = commit(destination, history, {
      ...release,
      appVersion: info.appVersion || release.appVersion,
      description: info.description || release.description,
      ...(typeof info.isDisabled === 'boolean' && { isDisabled: info.isDisabled }),
      rollout: info.rollout ?? null,
      releaseMethod: 'Promote',
      originalLabel: release.label,
      originalDeployment: from,
      uploadTime: now(),
    })
    return { status: 201, body: { package: stored } }
  }

  function askForUpdate(url: URL): Answer {
    const ask = (name: string) => url.searchParams.get(name) ?? undefined
    const key = ask('deployment_key')
    const deployment = [...apps.values()]
      .flatMap((each) => [...each.values()])
      .find((each) => each.key === key)
    if (deployment === undefined)
      throw new Refusal(400, 'An update check must include a valid deployment key')
    // `1` and `1.0` are completed
    const [, given = '', patch = '', rest = ''] =
      /^(\d+)((?:\.\d+){0,2})(.*)$/.exec(ask('app_version') ?? '') ?? []
    const version = `${given}${patch}${'.0'.repeat(2 - (patch.split('.').length - 1))}${rest}`
    if (valid(version) === null)
      throw new Refusal(
        400,
        'An update check must include a binary version that conforms to the semver standard',
      )
    const device = { version, label: ask('label'), packageHash: ask('package_hash') }
    const first = choose(deployment.history, device, false)
    const isLeftOut =
      first.release !== undefined &&
      isUnfinished(first.release.rollout) &&
      !isSelected(ask('client_unique_id') ?? '', first.release.rollout ?? 100, first.release.label)
    const { release, isMandatory } = isLeftOut ? choose(deployment.history, device, true) : first
    const isAvailable = release !== undefined && release.packageHash !== device.packageHash
    return {
      status: 200,
      body: {
        update_info: {
          is_available: isAvailable,
          is_mandatory: isAvailable && isMandatory,
          label: isAvailable ? release.label : '',
          package_hash: isAvailable ? release.packageHash : '',
          should_run_binary_version: release === undefined,
        },
      },
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')
  return {
    url: `http://127.0.0.1:${address.port}`,
    accessKey,
    /** Asks it without a network between, for tests that ask ten thousand times. */
    fetch: async (input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
      const url = new URL(input instanceof Request ? input.url : input)
      const authorization = new Headers(init?.headers).get('authorization') ?? undefined
      const sent = typeof init?.body === 'string' ? init.body : ''
      const { status, body } = await carryOut(authorization, init?.method ?? 'GET', url, sent)
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return new Response(status === 204 ? null : text, { status })
    },
    requests: requests as readonly { readonly method: string; readonly path: string }[],
    createApp(name: string) {
      const deployments = ['Production', 'Staging'].map(
        (each) => [each, { key: randomUUID(), history: [] }] as [string, Deployment],
      )
      apps.set(name, new Map(deployments))
    },
    /** What the CLI's `release` does, less the upload. */
    release(
      app: string,
      {
        content,
        binary = '1.0.0',
        description = '',
        isMandatory = false,
        isDisabled = false,
        rollout = 100,
      }: {
        content: string
        binary?: string
        description?: string
        isMandatory?: boolean
        isDisabled?: boolean
        rollout?: number
      },
    ) {
      const deployment = find(app, 'Production')
      commit(deployment, structuredClone(deployment.history), {
        appVersion: binary,
        packageHash: `hash-of-${content}`,
        description,
        releaseMethod: 'Upload',
        isMandatory,
        ...(isDisabled && { isDisabled }),
        rollout: rollout === 100 ? null : rollout,
        uploadTime: now(),
        releasedBy: 'ci@example.test',
      })
    },
    /** What a promotion of a release to its own deployment makes, as servers do that do not compare its content. */
    copy(app: string, label: string) {
      const deployment = find(app, 'Production')
      const original = deployment.history.find((each) => each.label === label)
      if (original === undefined) throw new Error(`${app} has no ${label}`)
      const copied = { originalLabel: label, originalDeployment: 'Production', uploadTime: now() }
      const history = structuredClone(deployment.history)
      commit(deployment, history, { ...original, ...copied, releaseMethod: 'Promote' })
    },
    /** From now on devices are answered what they were last time, until `forgetAnswers`. */
    cacheAnswers() {
      caches = true
    },
    forgetAnswers() {
      caches = false
    },
    fault(fault: Fault) {
      faults.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? 1 })
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** The first fault that is due for the request. */
function hitBy(
  faults: { readonly fault: Fault; skip: number; left: number }[],
  method: string,
  path: string,
): Fault | undefined {
  for (const each of faults) {
    const { fault } = each
    if (each.left === 0 || !path.includes(fault.path) || (fault.method ?? method) !== method) continue
    if (each.skip > 0) {
      each.skip -= 1
      continue
    }
    each.left -= 1
    return fault
  }
  return undefined
}

class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const infoSchema = z.object({
  packageInfo: z
    .object({
      label: z.string().optional(),
      appVersion: z.string().nullish(),
      description: z.string().nullish(),
      isDisabled: z.boolean().nullish(),
      isMandatory: z.boolean().nullish(),
      rollout: z.number().nullish(),
    })
    .optional(),
})
type Info = NonNullable<z.infer<typeof infoSchema>['packageInfo']>

/** api/script/utils/acquisition.ts, getUpdatePackage */
function choose(
  history: readonly Stored[],
  device: { version: string; label: string | undefined; packageHash: string | undefined },
  ignoresRollouts: boolean,
): { readonly release: Stored | undefined; readonly isMandatory: boolean } {
  let isFound = false
  let chosen: Stored | undefined
  for (const release of history.toReversed()) {
    isFound ||=
      release.label === device.label ||
      (device.label === undefined && release.packageHash === device.packageHash)
    if (release.isDisabled === true || (ignoresRollouts && isUnfinished(release.rollout))) continue
    if (!satisfies(device.version, release.appVersion)) continue
    chosen ??= release
    if (isFound) break
    if (release.isMandatory) return { release: chosen, isMandatory: true }
  }
  return { release: chosen, isMandatory: chosen?.isMandatory ?? false }
}

function isUnfinished(rollout: number | null): boolean {
  return rollout !== null && rollout !== 100
}

/** api/script/utils/rollout-selector.ts */
function isSelected(clientId: string, rollout: number, label: string): boolean {
  let hash = 0
  for (const char of `${clientId}-${label}`) hash = (hash << 5) - hash + char.charCodeAt(0)
  return Math.abs(hash) % 100 < rollout
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function sendAnswer(response: ServerResponse, { status, body }: Answer): void {
  const isText = typeof body === 'string'
  response.writeHead(status, { 'content-type': isText ? 'text/html; charset=utf-8' : 'application/json' })
  response.end(isText ? body : JSON.stringify(body))
}

import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './misbehaving-service.ts'
import { startServer } from './server-process.ts'

const registrationSecret = 'of-this-test-alone'

interface RoomEvent {
  readonly event_id: string
  readonly type: string
  readonly content: Readonly<Record<string, unknown>>
}

/** Starts a real homeserver of Matrix. It takes a burst of 20 messages of a user, and then one in 10 s. */
export async function startSynapse() {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const { stop } = await startServer({
    program: fileURLToPath(new URL('../../.cache/test-servers/synapse/bin/python', import.meta.url)),
    args: async (directory) => {
      const settings = join(directory, 'homeserver.yaml')
      const inFolder = (name: string) => join(directory, name)
      // the signing key of a server that is not federated with any other
      await writeFile(inFolder('signing.key'), `ed25519 a_test ${Buffer.alloc(32, 7).toString('base64')}`)
      await writeFile(settings, JSON.stringify(settingsOf(port, inFolder)))
      return ['-m', 'synapse.app.homeserver', '--config-path', settings]
    },
    ready: `${url}/_matrix/client/versions`,
    install: 'script/bootstrap --tests',
  })
  return { url, stop, register: (name: string) => register(url, name) }
}

function settingsOf(port: number, inFolder: (name: string) => string) {
  const resources = [{ names: ['client'] }]
  return {
    server_name: 'example.com',
    listeners: [{ port, type: 'http', bind_addresses: ['127.0.0.1'], resources }],
    database: { name: 'sqlite3', args: { database: inFolder('homeserver.db') } },
    media_store_path: inFolder('media'),
    signing_key_path: inFolder('signing.key'),
    pid_file: inFolder('pid'),
    log_config: null,
    report_stats: false,
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    registration_shared_secret: registrationSecret,
    macaroon_secret_key: 'of-this-test-alone-too',
    form_secret: 'and-this',
    bcrypt_rounds: 4,
    rc_message: { per_second: 0.1, burst_count: 20 },
  }
}

/** Makes a user of the server. https://element-hq.github.io/synapse/latest/admin_api/register_api.html */
async function register(url: string, username: string) {
  const path = '/_synapse/admin/v1/register'
  const { nonce } = await call(url, 'GET', path)
  const password = 'no-person-has-it'
  const mac = createHmac('sha1', registrationSecret)
    .update([nonce, username, password, 'admin'].join('\0'))
    .digest('hex')
  const user = { nonce, username, password, admin: true, mac }
  const { access_token: token } = await call(url, 'POST', path, { body: user })
  const asUser = (method: string, at: string, body?: object) =>
    call(url, method, at, { token, ...(body && { body }) })
  return {
    token: String(token),
    createRoom: async () => String((await asUser('POST', '/_matrix/client/v3/createRoom', {}))['room_id']),
    /** The messages of a room, oldest first. */
    messages: async (room: string): Promise<readonly RoomEvent[]> => {
      const at = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages?dir=f&limit=100`
      const { chunk } = (await asUser('GET', at)) as { chunk: RoomEvent[] }
      return chunk.filter(({ type }) => type === 'm.room.message')
    },
    /** The ids of a thread, as programs of people ask for it, oldest first. */
    thread: async (room: string, root: string): Promise<readonly string[]> => {
      const at = `/_matrix/client/v1/rooms/${encodeURIComponent(room)}/relations/${encodeURIComponent(root)}/m.thread?dir=f`
      const { chunk } = (await asUser('GET', at)) as { chunk: RoomEvent[] }
      return chunk.map(({ event_id: id }) => id)
    },
    /** Closes a room: nobody is in it any more, and nobody can join. */
    deleteRoom: (room: string) =>
      asUser('DELETE', `/_synapse/admin/v1/rooms/${encodeURIComponent(room)}`, { block: true }),
  }
}

async function call(
  url: string,
  method: string,
  path: string,
  { token, body }: { readonly token?: unknown; readonly body?: object } = {},
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${answer}`)
  return JSON.parse(answer) as Readonly<Record<string, unknown>>
}

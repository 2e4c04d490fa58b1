/**
 * A hot-updater server on PGlite, as its documents set one up. Run with the folder it is installed in as the working
 * directory and this text on stdin: its packages are no dependencies of ours.
 */
import http from 'node:http'
import { PGlite } from '@electric-sql/pglite'
import { createHotUpdater } from '@hot-updater/server'
import { kyselyAdapter } from '@hot-updater/server/adapters/kysely'
import { createMigrator } from '@hot-updater/server/db'
import { Kysely } from 'kysely'
import { PGliteDialect } from 'kysely-pglite-dialect'

const database = new PGlite()
await database.waitReady
const db = new Kysely({ dialect: new PGliteDialect(database) })
const storage = () => ({
  name: 'tests',
  supportedProtocol: 's3',
  profiles: {
    runtime: {
      getDownloadUrl: async (uri) => ({ fileUrl: `http://127.0.0.1:1/${encodeURIComponent(uri)}` }),
    },
  },
})
const updater = createHotUpdater({
  database: kyselyAdapter({ db, provider: 'postgresql' }),
  storages: [storage],
  basePath: '/hot-updater',
  routes: { updateCheck: true, bundles: true },
})
const migration = await createMigrator(updater).migrateToLatest({ mode: 'from-schema', updateSettings: true })
await migration.execute()

const { PORT, AUTH_TOKEN } = process.env
const server = http.createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  // who may change bundles is the host's business, not the library's
  const isManaging = request.url.startsWith('/hot-updater/api/')
  if (isManaging && request.headers.authorization !== `Bearer ${AUTH_TOKEN}`) {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"Unauthorized"}')
    return
  }
  const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined
  const { method, headers } = request
  const answer = await updater.handler(
    new Request(`http://127.0.0.1${request.url}`, { method, headers, body }),
  )
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(Buffer.from(await answer.arrayBuffer()))
})
server.listen(Number(PORT), '127.0.0.1')

/** Starts the real Unleash server on PostgreSQL; prints its port once it answers. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, host, port, user, password, database, token, client] = process.argv.slice(2)
const entry = createRequire(`${folder}/package.json`).resolve('unleash-server')
const { start } = await import(pathToFileURL(entry).href)
const { app, server } = await start({
  db: { host, port: Number(port), user, password, database, ssl: false },
  server: { port: 0, host: '127.0.0.1' },
  authentication: {
    type: 'open-source',
    initApiTokens: [
      { environment: '*', projects: ['*'], secret: token, type: 'admin', tokenName: 'admin' },
      { environment: 'development', projects: ['*'], secret: client, type: 'client', tokenName: 'client' },
    ],
  },
  versionCheck: { enable: false },
  telemetry: false,
  logLevel: 'fatal',
})
const address = (server ?? app).address?.()
process.stdout.write(`port ${address?.port}\n`)

/** A client that queries every 10 ms and connects again when it is cut off; prints the longest time it had no answer. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import { z } from 'zod'
import { parseConnection } from '../../src/layers/database/connection.ts'

const intervalMs = 10
const query = 'SELECT v FROM t WHERE id = 1'
const { url } = z.object({ url: z.string() }).parse(JSON.parse(process.argv[2] ?? ''))
const connection = parseConnection(url)

interface Client {
  readonly ask: () => Promise<unknown>
  readonly end: () => void
}

async function connect(): Promise<Client> {
  if (connection.engine === 'sqlite') {
    const database = new DatabaseSync(connection.path, { timeout: 60_000 })
    const statement = database.prepare(query)
    return { ask: async () => statement.get(), end: () => database.close() }
  }
  const { host, port, user, password, database } = connection
  if (connection.engine === 'postgres') {
    const client = new pg.Client({ host, port, user, password, database })
    client.on('error', () => {})
    await client.connect()
    return {
      ask: async () => (await client.query(query)).rows[0],
      end: () => void client.end().catch(() => {}),
    }
  }
  const client = await createConnection({ host, port, user, password, database })
  client.on('error', () => {})
  return {
    ask: async () => {
      const [rows] = await client.query(query)
      return Array.isArray(rows) ? rows[0] : undefined
    },
    end: () => client.destroy(),
  }
}

let client: Client | undefined = await connect()
let [running, queries, longest] = [true, 0, 0]
process.once('message', () => {
  running = false
})
process.send?.('ready')
let due = performance.now()
while (running) {
  try {
    client ??= await connect()
    if ((await client.ask()) === undefined) throw new Error('the row is not there')
    queries += 1
    // from when an answer was due to when it came
    longest = Math.max(longest, performance.now() - due)
    await sleep(intervalMs)
    due = performance.now()
  } catch {
    client?.end()
    client = undefined
    await sleep(2)
  }
}
client?.end()
process.stdout.write(`${JSON.stringify({ refusedMs: longest, queries })}\n`)
process.disconnect()

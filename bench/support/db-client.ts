/** Clients that query and connect again when they are cut off; prints the longest time that one of them had no answer. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import { z } from 'zod'
import { parseConnection } from '../../src/layers/database/connection.ts'

const query = 'SELECT v FROM t WHERE id = 1'
const { url, clients, intervalMs } = z
  .object({ url: z.string(), clients: z.number(), intervalMs: z.number() })
  .parse(JSON.parse(process.argv[2] ?? ''))
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

let running = true
const longest = { calm: 0, work: 0 }
let phase: keyof typeof longest = 'calm'
process.on('message', (message) => {
  if (message === 'work') phase = 'work'
  else running = false
})

// the benchmark failed: nobody is there to tell
process.once('disconnect', () => {
  running = false
})

async function goOn(first: Client): Promise<void> {
  let client: Client | undefined = first
  let due = performance.now()
  while (running) {
    try {
      client ??= await connect()
      if ((await client.ask()) === undefined) throw new Error('the row is not there')
      // from when an answer was due to when it came
      longest[phase] = Math.max(longest[phase], performance.now() - due)
      await sleep(intervalMs)
      due = performance.now()
    } catch {
      client?.end()
      client = undefined
      await sleep(2)
    }
  }
  client?.end()
}

const opened = await Promise.all(Array.from({ length: clients }, connect))
process.send?.('ready')
await Promise.all(opened.map(goOn))
process.stdout.write(`${JSON.stringify({ refusedMs: longest.work, calmMs: longest.calm })}\n`)
if (process.connected) process.disconnect()

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { RefusedError } from '../../../errors.ts'

/** A text, so that it needs no file of its own in a bundle. */
const check = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(workerData)
  const isUndefinedHere = (error) => /no such (?:collation sequence|module|function|tokenizer)|unknown (?:function|tokenizer)/.test(error.message)
  const run = (table) => Object.values(database.prepare('PRAGMA quick_check' + table).get() ?? {})[0]
  // what only the application defines is looked around: table by table
  const byTable = () => {
    const unchecked = []
    for (const { name } of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()) {
      try {
        const found = run('("' + name.replaceAll('"', '""') + '")')
        if (found !== 'ok') return { found, unchecked }
      } catch (error) {
        if (!isUndefinedHere(error)) throw error
        unchecked.push(name + ': ' + error.message)
      }
    }
    return { found: 'ok', unchecked }
  }
  const checkAll = () => {
    try {
      return { found: run('(1)'), unchecked: [] }
    } catch (error) {
      if (!isUndefinedHere(error)) throw error
      return byTable()
    }
  }
  try {
    parentPort.postMessage(checkAll())
  } catch (error) {
    parentPort.postMessage({ found: error.message, unchecked: [] })
  } finally {
    database.close()
  }`

const foundSchema = z.object({ found: z.string(), unchecked: z.array(z.string()) })

/**
 * Lets SQLite look for damage in a file that nobody else has open, on a thread of its own.
 * @param what for people
 * @param log is given the tables that SQLite cannot check, because only their application defines what they use
 * @throws RefusedError when it finds any, e.g. in a database that was broken before it was backed up
 */
export async function refuseDamage(path: string, what: string, log: (line: string) => void): Promise<void> {
  const worker = new Worker(check, { eval: true, workerData: path })
  try {
    const { found, unchecked } = foundSchema.parse((await once(worker, 'message'))[0])
    if (found !== 'ok') throw new RefusedError(`${what} is damaged: SQLite says "${found}"`)
    for (const each of unchecked) log(`${what} was not checked for damage in table ${each}`)
  } finally {
    await worker.terminate()
  }
}

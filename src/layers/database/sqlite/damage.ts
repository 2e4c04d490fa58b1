import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { RefusedError } from '../../../errors.ts'

/** A text, so that it needs no file of its own in a bundle. */
const check = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(workerData)
  try {
    parentPort.postMessage(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0])
  } catch (error) {
    parentPort.postMessage(error.message)
  } finally {
    database.close()
  }`

/**
 * Lets SQLite look for damage in a file that nobody else has open, on a thread of its own.
 * @param what for people
 * @throws RefusedError when it finds any, e.g. in a database that was broken before it was backed up
 */
export async function refuseDamage(path: string, what: string): Promise<void> {
  const worker = new Worker(check, { eval: true, workerData: path })
  try {
    const found = z.string().parse((await once(worker, 'message'))[0])
    if (found !== 'ok') throw new RefusedError(`${what} is damaged: SQLite says "${found}"`)
  } finally {
    await worker.terminate()
  }
}

import type { Readable } from 'node:stream'

/** `pipe` that hands errors on, and gives the source up with the target. */
export function forward<T extends NodeJS.WritableStream & Readable>(from: Readable, to: T): T {
  from.once('error', (error) => to.destroy(error))
  // who reads gets it; it may come before anybody reads, or after the last one has given up, and would end the process then
  to.on('error', () => {})
  to.once('close', () => from.destroy())
  return from.pipe(to)
}

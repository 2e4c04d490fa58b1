import { appendFile } from 'node:fs/promises'
import { EOL } from 'node:os'
import type { Secrets } from './secrets.ts'

/** A step's summary over 1 MiB is not uploaded at all, and the step stays green: we stop short of it. */
const limitBytes = 1024 * 1024 - 4096

/** Adds a section to the job summary. Outside of a runner, nothing is written. */
export async function writeSummary(markdown: string, { secrets }: { secrets: Secrets }): Promise<void> {
  const file = process.env['GITHUB_STEP_SUMMARY']
  if (!file) return
  await appendFile(file, `${cutToBytes(secrets.redact(markdown), limitBytes)}${EOL}`)
}

/** Truncates at the end of a line, and says so. */
export function cutToBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text
  const note = '\n\n_Truncated: GitHub shows at most 1 MiB._\n'
  const kept = Buffer.from(text)
    .subarray(0, limit - Buffer.byteLength(note))
    .toString('utf8')
  return `${kept.slice(0, Math.max(0, kept.lastIndexOf('\n')))}${note}`
}

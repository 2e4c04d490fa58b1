import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { EOL } from 'node:os'
import { sendCommand } from './output.ts'

/**
 * What a step says to its runner, in the form of `@actions/core`, which a test holds this against. That package itself brings
 * an HTTP client of 0.6 MB for functions that no action here uses, and every start would wait for it.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export type Command = 'add-mask' | 'debug' | 'warning' | 'error'

/** Sends a command to the runner: a line of the standard output. */
export function issueCommand(command: Command, message: string, { title = '' } = {}): void {
  const properties = title === '' ? '' : ` title=${escapeProperty(title)}`
  sendCommand(() => process.stdout.write(`::${command}${properties}::${escapeData(message)}${EOL}`))
}

/**
 * Sets an output of the step: appends it to the file that the runner reads after the step.
 * Outside of a runner there is no such file, and nothing is written.
 */
export function setOutput(name: string, value: string): void {
  const file = process.env['GITHUB_OUTPUT']
  if (!file) return
  // nobody can close the value before its end: the delimiter is not known in advance
  const delimiter = `ghadelimiter_${randomUUID()}`
  appendFileSync(file, `${name}<<${delimiter}${EOL}${value}${EOL}${delimiter}${EOL}`)
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

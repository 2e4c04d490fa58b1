import { EOL } from 'node:os'
import { issueCommand } from './commands.ts'
import type { Secrets } from './secrets.ts'

/** The log of the job. Secrets are removed; `guardOutput` prevents texts from becoming commands. */
export interface Log {
  readonly info: (line: string) => void
  readonly debug: (line: string) => void
  /** also shown on the run's page */
  readonly warning: (message: string, title?: string) => void
  readonly error: (message: string, title?: string) => void
}

/** GitHub shows ten warnings and ten errors of a step and drops the rest: https://docs.github.com/en/rest/checks/runs */
const shownAnnotations = 10

/** Opens the log of this process. */
export function openLog({ secrets }: { secrets: Secrets }): Log {
  const clean = secrets.redact
  const info = (line: string) => void process.stdout.write(`${clean(line)}${EOL}`)
  const annotate = (command: 'warning' | 'error') => {
    let sent = 0
    return (message: string, title = '') => {
      sent += 1
      if (sent < shownAnnotations) issueCommand(command, clean(message), { title: clean(title) })
      else if (sent === shownAnnotations)
        issueCommand(command, 'there is more than GitHub shows on this page: see the log')
      if (sent >= shownAnnotations) info(message)
    }
  }
  return {
    info,
    debug: (line) => issueCommand('debug', clean(line)),
    warning: annotate('warning'),
    error: annotate('error'),
  }
}

/** A command that a line of the log is to the runner. */
export interface RunnerCommand {
  /** in lower case */
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

const names: ReadonlySet<string> = new Set([
  ...['stop-commands', 'set-env', 'set-output', 'save-state', 'add-mask', 'add-path', 'add-matcher'],
  ...['remove-matcher', 'debug', 'warning', 'error', 'notice', 'group', 'endgroup', 'echo'],
])

/**
 * Reads a line as the runner does: `::name key=value,…::data` after white space, else the first `##[name key=value;…]data`
 * anywhere in it. https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 * @param resume the token that ends `stop-commands`, which is a command's name for as long as it lasts
 * @returns undefined for a line of text
 */
export function parseRunnerCommand(line: string, resume?: string): RunnerCommand | undefined {
  return parseColons(line, resume) ?? parseBrackets(line, resume)
}

/** What `String.TrimStart` of .NET takes away. */
const white = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const leading = new RegExp(`^${white}+`)

function parseColons(line: string, resume: string | undefined): RunnerCommand | undefined {
  const message = line.replace(leading, '')
  const end = message.startsWith('::') ? message.indexOf('::', 2) : -1
  if (end === -1) return undefined
  return toCommand(message.slice(2, end), message.slice(end + 2), {
    resume,
    separator: ',',
    escapes: ['%0D', '%0A', '%3A', '%2C', '%25'],
  })
}

function parseBrackets(line: string, resume: string | undefined): RunnerCommand | undefined {
  const begin = line.indexOf('##[')
  const end = begin === -1 ? -1 : line.indexOf(']', begin)
  if (end === -1) return undefined
  return toCommand(line.slice(begin + 3, end), line.slice(end + 1), {
    resume,
    separator: ';',
    escapes: ['%3B', '%0D', '%0A', '%5D', '%25'],
  })
}

function toCommand(
  head: string,
  data: string,
  {
    resume,
    separator,
    escapes,
  }: { resume: string | undefined; separator: string; escapes: readonly string[] },
): RunnerCommand | undefined {
  const [written = '', ...rest] = head.split(' ')
  const name = written.toLowerCase()
  if (!names.has(name) && name !== resume?.toLowerCase()) return undefined
  const decode = (text: string) =>
    escapes.reduce((plain, escaped) => plain.replaceAll(escaped, decodeURIComponent(escaped)), text)
  const pairs = rest
    .join(' ')
    .trim()
    .split(separator)
    .flatMap((each) => {
      const at = each.indexOf('=')
      return at === -1 ? [] : [[each.slice(0, at), decode(each.slice(at + 1))] as const]
    })
  return { name, properties: Object.fromEntries(pairs), data: decode(data) }
}

/** Reads what a process prints, and does what the runner does with its commands. */
export function openRunnerLog(onLine: ((line: string) => void) | undefined) {
  const masks = new Set<string>()
  const shown: string[] = []
  const commands: RunnerCommand[] = []
  const failures: string[] = []
  let raw = ''
  let resume: string | undefined
  const show = (line: string) => {
    const masked = [...masks].reduce((text, mask) => text.replaceAll(mask, '***'), line)
    shown.push(masked)
    onLine?.(masked)
  }
  const obey = (command: RunnerCommand) => {
    const { name, data } = command
    commands.push(command)
    if (name === 'add-mask') {
      for (const each of [data, ...data.split(/[\r\n]+/)].map((part) => part.trim()))
        if (each !== '') masks.add(each)
    } else if (name === 'stop-commands') {
      if (data === '' || data === 'pause-logging' || names.has(data.toLowerCase()))
        failures.push(`stop-commands: the token "${data}" is not allowed`)
      else resume = data
    } else if (name === 'set-env' || name === 'add-path') {
      failures.push(`${name}: disabled on runners since 2020`)
    } else if (name !== 'debug') for (const each of data.split(/\r?\n/)) show(`${name}: ${each}`)
  }
  const readLine = (line: string) => {
    const command = parseRunnerCommand(line, resume)
    if (resume === undefined && command !== undefined) obey(command)
    else if (command !== undefined && command.name === resume?.toLowerCase()) resume = undefined
    else show(line)
  }
  return {
    /** Reads one stream: the runner reads standard output and errors by lines of their own. */
    readStream: () => {
      let rest = ''
      return {
        read: (chunk: string) => {
          raw += chunk
          // a carriage return at the end may be half a line's end
          const [, whole = '', left = ''] = /^([\s\S]*)(\r)$/.exec(rest + chunk) ?? [undefined, rest + chunk]
          const lines = whole.split(/\r\n|\n|\r/)
          rest = `${lines.pop() ?? ''}${left}`
          for (const line of lines) readLine(line)
        },
        end: () => {
          if (rest !== '') readLine(rest.replace(/\r$/, ''))
        },
      }
    },
    log: () => shown.join('\n'),
    raw: () => raw,
    /** those that were obeyed, in their order */
    commands: (): readonly RunnerCommand[] => commands,
    /** why the step fails though its process may have ended well */
    failures: (): readonly string[] => failures,
  }
}

import { closest, distance } from 'fastest-levenshtein'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { type Severity, severities } from '../text/severity.ts'

/** What a person asks for in a comment on an issue or a pull request. */
export type Command =
  | {
      readonly name: 'rollback'
      /** only print the plan */
      readonly plan: boolean
      /** '' for the configured one, as the others are '' for what is not said */
      readonly environment: string
      readonly target: string
      readonly reason: string
    }
  | { readonly name: 'hold' | 'unhold'; readonly environment: string; readonly reason: string }
  | IncidentCommand

/** A command about the incident of the issue, or the one that is open. */
export type IncidentCommand = { readonly environment: string } & (
  | { readonly name: 'ack' | 'escalate' | 'resolve'; readonly reason: string }
  | { readonly name: 'severity'; readonly severity: Severity; readonly reason: string }
  /** `at`: when it happened, as it was written; '' for now */
  | { readonly name: 'note'; readonly note: string; readonly at: string }
  /** `text`: for the users of the product; '' for the draft in the issue */
  | { readonly name: 'publish'; readonly text: string }
)

/** True for a command about an incident. */
export function isAboutIncident(command: Command): command is IncidentCommand {
  return command.name !== 'rollback' && command.name !== 'hold' && command.name !== 'unhold'
}

/** Not understood: what is wrong and what to write instead, one line. */
export interface Misunderstood {
  readonly name: 'misunderstood'
  readonly problem: string
}

const names = [
  'rollback',
  'hold',
  'unhold',
  'ack',
  'escalate',
  'resolve',
  'severity',
  'note',
  'publish',
] as const

/** Names of environments and revisions that a comment may give; anything else is words. */
const plainName = /^[\w][\w./-]{0,254}$/
const usage = {
  rollback: 'write `/rollback [plan] [environment] [to revision] [reason words]`',
  hold: 'write `/hold [environment] [reason words]`',
  unhold: 'write `/unhold [environment] [reason words]`',
  severity: 'write `/severity critical`, `high`, `medium` or `low`, and `reason words` if you like',
  note: 'write `/note text`, or `/note at 14:05 text` for an earlier time (UTC)',
} as const

/**
 * Reads the command of a comment: the first line, when it begins with one; the text of a note and for users goes on below it. A
 * command in a quote, a list or a block of code was said by somebody else or is shown, and is none.
 * @returns undefined when the comment is no command
 */
export function parseCommand(comment: string): Command | Misunderstood | undefined {
  const { line, below } = split(comment)
  const [, word = '', space = '', rest = ''] = /^\/([A-Za-z]+)(?:(\s+)(.*))?$/.exec(line) ?? []
  const name = names.find((each) => each === word)
  if (name === undefined || /[^ \t]/.test(space)) return misspelt(word, space)
  if (name === 'rollback') return parseRollback(rest)
  if (name === 'hold' || name === 'unhold') return parseHold(name, rest)
  if (name === 'ack' || name === 'escalate' || name === 'resolve') return parseResponse(name, rest)
  if (name === 'severity') return parseSeverity(rest)
  if (name === 'note') return parseNote(`${rest}\n${below}`.trim())
  if (name === 'publish') return { name, environment: '', text: `${rest}\n${below}`.trim() }
  return undefined
}

/** A command of another bot is none of ours; one that only looks like ours is most likely a slip, and silence would hide it. */
function misspelt(word: string, space: string): Misunderstood | undefined {
  const written = word.toLowerCase()
  const nearest = closest(written, names)
  const isNear = distance(written, nearest) <= (nearest.length > 5 ? 2 : 1)
  if (!isNear || written[0] !== nearest[0]) return undefined
  if (word === nearest)
    return misunderstood(`it contains a special space; write \`/${nearest}\` with plain spaces`)
  return misunderstood(
    `\`/${quotable(word)}${space === '' ? '' : ' …'}\` is not a command; did you mean \`/${nearest}\`?`,
  )
}

/** `[reason] words`: after these commands all words are free. */
function parseResponse(name: 'ack' | 'escalate' | 'resolve', text: string): Command {
  return { name, environment: '', reason: text.replace(/^reason\s+/, '').trim() }
}

/** `critical|high|medium|low [reason words]` */
function parseSeverity(text: string): Command | Misunderstood {
  const [word = '', ...rest] = wordsOf(text)
  const severity = severities.find((each) => each === word)
  if (severity === undefined)
    return misunderstood(`\`${quotable(word)}\` is not a severity; ${usage.severity}`)
  const reason = (rest[0] === 'reason' ? rest.slice(1) : rest).join(' ')
  return { name: 'severity', environment: '', severity, reason }
}

/** `[at time] text` */
function parseNote(text: string): Command | Misunderstood {
  const [, at = '', note = ''] = /^(?:at[ \t]+(\S+)(?:\s+|$))?(.*)$/s.exec(text) ?? []
  if (note.trim() === '') return misunderstood(`the note is empty; ${usage.note}`)
  return { name: 'note', environment: '', note: note.trim(), at }
}

/**
 * The first line of the comment as it was written, when it is the start of a paragraph; CommonMark says what is one. Below it is
 * the rest, up to a quote (an answer by e-mail has the whole thread in one) or something hidden.
 */
function split(comment: string): { readonly line: string; readonly below: string } {
  const [block, ...others] = fromMarkdown(comment).children
  const start = block?.position?.start.offset
  if (block?.type !== 'paragraph' || start === undefined) return { line: '', below: '' }
  const foreign = others.find(({ type }) => type === 'blockquote' || type === 'html')
  const [line = '', ...below] = comment.slice(start, foreign?.position?.start.offset).split(/\r\n|\n|\r/)
  return { line: line.trimEnd(), below: below.join('\n') }
}

/** `[plan] [environment] [to revision] [reason words]`, in this order: only the words after `reason` are free. */
function parseRollback(text: string): Command | Misunderstood {
  const words = wordsOf(text)
  const plan = words[0] === 'plan'
  if (plan) words.shift()
  const environment = takeEnvironment(words)
  let target = ''
  if (words[0] === 'to') {
    target = words[1] ?? ''
    if (target === '' || target === 'reason')
      return misunderstood('`to` names no revision; write a commit id, a tag, a branch or `HEAD~1` after it')
    words.splice(0, 2)
  }
  const problem = problemOf({ environment, words, usage: usage.rollback })
  if (problem !== undefined) return problem
  if (target !== '' && !plainName.test(target.replace(/~\d+$/, '')))
    return misunderstood(
      `\`${quotable(target)}\` is not a revision; write a commit id, a tag, a branch or \`HEAD~1\``,
    )
  return { name: 'rollback', plan, environment, target, reason: words.slice(1).join(' ') }
}

/** `[environment] [reason words]` */
function parseHold(name: 'hold' | 'unhold', text: string): Command | Misunderstood {
  const words = wordsOf(text)
  const environment = takeEnvironment(words)
  const problem = problemOf({ environment, words, usage: usage[name] })
  return problem ?? { name, environment, reason: words.slice(1).join(' ') }
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

function takeEnvironment(words: string[]): string {
  return words[0] !== 'to' && words[0] !== 'reason' ? (words.shift() ?? '') : ''
}

/** @param words what is left: `reason` and free words, or nothing */
function problemOf({
  environment,
  words,
  usage,
}: {
  environment: string
  words: readonly string[]
  usage: string
}): Misunderstood | undefined {
  if (words.length === 1 && words[0] === 'reason') return misunderstood('`reason` is followed by no words')
  if (words.length > 0 && words[0] !== 'reason')
    return misunderstood(`it is not clear what \`${quotable(words[0] ?? '')}\` is; ${usage}`)
  if (environment !== '' && !plainName.test(environment))
    return misunderstood(`\`${quotable(environment)}\` is not the name of an environment; ${usage}`)
  return undefined
}

function misunderstood(problem: string): Misunderstood {
  return { name: 'misunderstood', problem }
}

/** For an answer: short, and unable to end the code that it stands in. */
function quotable(word: string): string {
  return word.replaceAll('`', '').slice(0, 60)
}

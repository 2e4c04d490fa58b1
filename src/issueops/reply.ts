import { InputError, isUserFacing } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { commentOnce } from '../github/issues.ts'
import { mayWrite } from '../github/permission.ts'
import { react } from '../github/reactions.ts'
import { type Command, parseCommand } from './command.ts'

/** A comment on an issue or a pull request, as the event tells it. */
export interface PersonsComment {
  readonly id: number
  readonly body: string
  /** number of the issue or the pull request */
  readonly on: number
  /** undefined when the account is gone */
  readonly author: { readonly login: string; readonly isBot: boolean } | undefined
  /** its author has just written it: it was not edited or deleted, nor sent by another account */
  readonly isNew: boolean
}

/**
 * The comment of an event.
 * @throws InputError when the event is no comment
 */
export function commentOf(
  { comment, issue }: EventOfComment,
  { eventName, isNew }: { readonly eventName: string; readonly isNew: boolean },
): PersonsComment {
  if (comment === undefined || issue === undefined)
    throw new InputError(`the event ${eventName} is not a comment; run this action on: issue_comment`)
  const { id, body, user } = comment
  const author = user === null ? undefined : { login: user.login, isBot: user.type === 'Bot' }
  return { id, body, on: issue.number, author, isNew }
}

/** What GitHub's event says of a comment; nothing of either where the event is another one. */
interface EventOfComment {
  readonly issue?: { readonly number: number } | undefined
  readonly comment?:
    | {
        readonly id: number
        readonly body: string
        readonly user: { readonly login: string; readonly type: string } | null
      }
    | undefined
}

/** What becomes of a comment: a command of somebody who may give it, or why there is none. */
export type Heard =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'none'; readonly why: 'no-command' | 'a-bot' | 'not-new' }
  | { readonly kind: 'refused'; readonly why: 'no-permission' | 'misunderstood' | 'unknown-environment' }

/**
 * Reads a comment, asks GitHub whether its author may write to the repository, and shows by a reaction that it was seen.
 * Bots are never answered, so that two of them can't go on for ever; people are, once. The command names its environment.
 * @param environmentOf the environment that is meant by a name, or by none; throws InputError for one that there is not
 * @throws RefusedError, UnavailableError
 */
export async function hear(
  repository: Repository,
  comment: PersonsComment,
  environmentOf: (name: string) => string,
): Promise<Heard> {
  const command = parseCommand(comment.body)
  if (command === undefined) return { kind: 'none', why: 'no-command' }
  if (!comment.isNew) return { kind: 'none', why: 'not-new' }
  const { author } = comment
  if (author === undefined || author.isBot) return { kind: 'none', why: 'a-bot' }
  if (!(await mayWrite(repository, author.login))) {
    await answer(repository, comment, {
      reaction: '-1',
      words: 'This needs write access to the repository, so nothing was done. Please ask a maintainer.',
    })
    return { kind: 'refused', why: 'no-permission' }
  }
  if (command.name === 'misunderstood') {
    const words = `Nothing was done: ${ended(command.problem)}`
    await answer(repository, comment, { reaction: 'confused', words })
    return { kind: 'refused', why: 'misunderstood' }
  }
  const environment = findEnvironment(command.environment, environmentOf)
  if (environment instanceof InputError) {
    const words = `Nothing was done: ${ended(environment.message)}`
    await answer(repository, comment, { reaction: 'confused', words })
    return { kind: 'refused', why: 'unknown-environment' }
  }
  await showThatItWasSeen(repository, comment)
  return { kind: 'command', command: { ...command, environment } }
}

/** With a full stop, unless it asks something. */
function ended(sentence: string): string {
  return sentence.endsWith('?') ? sentence : `${sentence}.`
}

/** A rollback does not wait for a courtesy: the comment may be deleted by now, or the token may not react to it. */
async function showThatItWasSeen(repository: Repository, { id }: PersonsComment): Promise<void> {
  try {
    await react(repository, { comment: id, reaction: 'eyes' })
  } catch (error) {
    if (!isUserFacing(error)) throw error
    repository.octokit.log.warn(
      `The command is carried out without a reaction to the comment: ${error.message}`,
    )
  }
}

function findEnvironment(name: string, environmentOf: (name: string) => string): string | InputError {
  try {
    return environmentOf(name)
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
}

/** Reacts, and answers once for each comment and what is said of it, however often the step is run. @param words our own Markdown */
export async function answer(
  repository: Repository,
  { id, on }: Pick<PersonsComment, 'id' | 'on'>,
  {
    reaction,
    words,
    key = 'answer',
  }: { reaction: 'rocket' | '-1' | 'confused' | 'eyes'; words: string; key?: string },
): Promise<void> {
  await react(repository, { comment: id, reaction })
  await commentOnce(repository, { number: on, marker: `rollback-${key}: ${id}`, body: words })
}

/** Answers a command that pauses automatic rollbacks, or ends that. */
export async function confirmHold(
  repository: Repository,
  comment: PersonsComment,
  { name, environment }: Pick<Command, 'environment'> & { readonly name: 'hold' | 'unhold' },
): Promise<void> {
  const state =
    name === 'hold' ? `on hold until somebody writes \`/unhold ${environment}\`` : 'no longer on hold'
  const words = `Automatic rollbacks of \`${environment}\` are ${state}.`
  await answer(repository, comment, { reaction: 'rocket', words })
}

/** What is said at the end of a rollback that a comment asked for. @param url of the run */
export function describeOutcome({
  decision,
  commit,
  postmortem,
  url,
}: {
  decision: string
  commit: string
  postmortem: string
  url: string
}): { readonly reaction: 'rocket' | '-1' | 'eyes'; readonly words: string } {
  const said = words[decision]
  const done = said?.done === true
  const parts = [
    said?.text ?? 'The rollback did not finish.',
    ...(commit === '' || said?.isBack !== true
      ? []
      : [`The ${said.isDeployed === true ? 'deployed revision' : 'revision to deploy'} is ${commit}.`]),
    ...(postmortem === '' ? [] : [`The post-mortem is #${postmortem}.`]),
    `[The run](${url}) has the details.`,
  ]
  return { reaction: said?.isHandedOver === true ? 'eyes' : done ? 'rocket' : '-1', words: parts.join(' ') }
}

interface Words {
  /** there is nothing left to do */
  readonly done: boolean
  readonly text: string
  /** something is rolled back: another revision than the failed one may have to be deployed */
  readonly isBack?: true
  /** the rollback saw that it is deployed: nobody has to */
  readonly isDeployed?: true
  /** it is for something outside of the rollback to deploy, and to verify */
  readonly isHandedOver?: true
}

const words: Readonly<Record<string, Words>> = {
  complete: {
    done: true,
    isBack: true,
    isDeployed: true,
    text: 'Rolled back. Production is healthy.',
  },
  'rolled-back': {
    done: false,
    isBack: true,
    isHandedOver: true,
    text: 'Rolled back. This run did not check production: check it once the restored revision is deployed.',
  },
  planned: { done: true, text: 'This is only the plan, nothing was changed.' },
  'already-rolled-back': {
    done: true,
    isBack: true,
    text: 'It was already rolled back, and the rollback still holds.',
  },
  nothing: { done: true, text: 'There is nothing to roll back.' },
  proposed: {
    done: false,
    text: 'A pull request proposes the rollback: it takes effect when the pull request is merged.',
  },
  'not-deployed': {
    done: false,
    isBack: true,
    text: 'Rolled back, but the restored revision is not deployed: see the run for what to do.',
  },
  'not-recovered': {
    done: false,
    isBack: true,
    isDeployed: true,
    text: 'Rolled back, but production is still failing.',
  },
  'not-verified': {
    done: false,
    isBack: true,
    text: 'Rolled back, but the recovery of production could not be verified.',
  },
  well: { done: true, text: 'Nothing is failing at this moment, so nothing was rolled back.' },
  partial: {
    done: false,
    isBack: true,
    text: 'Partly rolled back: see the run for what is left, and run it again.',
  },
  undone: { done: false, text: 'A layer failed, and the completed layers were undone.' },
  failed: { done: false, text: 'The rollback failed.' },
  held: { done: false, text: 'Not rolled back: manual approval required.' },
}

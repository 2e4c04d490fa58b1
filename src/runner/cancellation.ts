/** Cancellation of a step: what it prints, and what it stops. */
export interface Cancellation {
  /** aborted when the job is cancelled */
  readonly signal: AbortSignal
  /** The last line of a step that was cancelled: what it was doing, and how to go on. @param doing what failed because of it */
  readonly explain: (doing: string | undefined) => string
  /** Stops listening. */
  readonly stop: () => void
}

/**
 * After SIGINT the runner waits 7.5 s, sends SIGTERM, and kills the process 2.5 s later:
 * https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs
 */
const lastWordsAfterMs = 9_000

/**
 * Listens for the signals by which the runner cancels a step. What cannot be stopped in time is left as it is, once it is said how to
 * go on: the runner would kill it without a word.
 * @param onward how to go on, one sentence
 * @param giveUp called when the step still runs shortly before the runner kills it
 */
export function watchForCancellation({
  onward,
  say,
  giveUp,
}: {
  readonly onward: string
  readonly say: (line: string) => void
  readonly giveUp: (lastWords: string) => void
}): Cancellation {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const explain = (doing: string | undefined) =>
    `this step was cancelled${doing === undefined ? '' : ` (${doing})`}: ${onward}`
  const cancel = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) return
    say(`the job was cancelled (${name}): stopping`)
    controller.abort(new CancelledError())
    timer = setTimeout(() => giveUp(explain('it could not be stopped in time')), lastWordsAfterMs)
    timer.unref()
  }
  process.on('SIGINT', cancel).on('SIGTERM', cancel)
  return {
    signal: controller.signal,
    explain,
    stop: () => {
      clearTimeout(timer)
      process.off('SIGINT', cancel).off('SIGTERM', cancel)
    },
  }
}

/** Of this name Octokit makes no answer of GitHub's, and what waits knows that nothing else went wrong. */
class CancelledError extends Error {
  override readonly name = 'AbortError'
  constructor() {
    super('the job was cancelled')
  }
}

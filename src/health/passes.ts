/** What has to be known of an event of the past. */
interface PastEvent {
  readonly kind: string
  readonly environment: string
  readonly checks?: readonly { readonly name: string; readonly state?: string | undefined }[] | undefined
}

/**
 * The rule of the gate, of `verify` and of the front door: a probe that has never passed in this environment is no evidence. The past is
 * read once.
 */
export function ruleOfPasses(readPast: () => Promise<readonly PastEvent[]>, environment: string) {
  let passes: Promise<ReadonlySet<string>> | undefined
  return {
    needsPass: true,
    passedBefore: () => {
      passes ??= readPast().then((past) => passesOf(past, environment))
      return passes
    },
  }
}

/**
 * The names of the checks that have passed in an environment before: in a gate, or in a snapshot before a deployment. What changed since
 * is not known, but what never once passed proves nothing when it fails.
 */
function passesOf(past: readonly PastEvent[], environment: string): ReadonlySet<string> {
  const checks = past
    .filter((event) => event.kind === 'health-checked' && event.environment === environment)
    .flatMap((event) => event.checks ?? [])
  return new Set(checks.filter(({ state }) => state === 'ok').map(({ name }) => name))
}

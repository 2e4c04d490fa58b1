/**
 * The few errors that a user is meant to read. Everything else is a bug, and prints its stack under debug only.
 */

/** The user can fix it: names the input, or the config line, what is wrong with it, and what to write instead. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** The world moved between plan and apply: nothing was overwritten; plan again. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
}

/** A server refused the request for a reason that trying again will not change: names the rule or permission and the way out. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

/** Retries are used up: names the server, what it answered, and how long it was tried. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
}

/** True for the errors above, whose message is written for the user. */
export function isUserFacing(error: unknown): error is Error {
  return (
    error instanceof InputError ||
    error instanceof ConflictError ||
    error instanceof RefusedError ||
    error instanceof UnavailableError
  )
}

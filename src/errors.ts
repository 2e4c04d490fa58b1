/**
 * The few errors that a user is meant to read. Everything else is a bug, and prints its stack under debug only.
 */

/**
 * A setting as the code knows it: its path in `.github/rollback.yml`, such as `code.max-commits`, or the name of an input
 * that the file does not have, such as `plan`. Who wrote it knows it by another name: `input "max-commits"`, or a line of
 * the file. The edge puts that name in when it prints a message.
 */
export class Setting {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
  toString(): string {
    return `\`${this.path}\``
  }
}

/** Names a setting in a message, see `message`. An item of a list is named with its index from 0: `config.files[1]`. */
export function setting(path: string): Setting {
  return new Setting(path)
}

/** How the reader of a message knows a setting, e.g. `input "max-commits"` or `code.max-commits (.github/rollback.yml:12:5)`. */
export type NameOfSetting = (setting: Setting) => string

/** A text for the user in which settings, and other errors, are named only when it is printed. */
export class Message {
  readonly #strings: readonly string[]
  readonly #values: readonly unknown[]
  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.#strings = strings
    this.#values = values
  }
  /** The text with each setting called as its reader knows it. */
  explain(nameOf: NameOfSetting): string {
    const texts = this.#values.map((value) => explainValue(value, nameOf))
    return this.#strings.map((string, index) => string + (texts[index] ?? '')).join('')
  }
  toString(): string {
    return this.explain(String)
  }
  toJSON(): string {
    return String(this)
  }
}

/**
 * Tag of a template with settings, errors and other messages in it:
 * ``message`the rollback would undo ${n} commits, and ${setting('code.max-commits')} allows ${max}` ``.
 */
export function message(strings: TemplateStringsArray, ...values: readonly unknown[]): Message {
  return new Message(strings, values)
}

/** Texts, messages and errors as the lines of one message. */
export function listLines(values: readonly unknown[]): Message {
  return new Message(['', ...values.slice(1).map(() => '\n'), ''], values)
}

function explainValue(value: unknown, nameOf: NameOfSetting): string {
  if (value instanceof Setting) return nameOf(value)
  if (value instanceof Message) return value.explain(nameOf)
  if (value instanceof UserFacingError) return value.explain(nameOf)
  if (value instanceof Error) return value.message
  return String(value)
}

/** An error whose message is written for the user. `message` calls each setting by its path; `explain`, as the user does. */
abstract class UserFacingError extends Error {
  readonly #said: string | Message
  constructor(said: string | Message, options?: ErrorOptions) {
    super(String(said), options)
    this.#said = said
  }
  explain(nameOf: NameOfSetting): string {
    return typeof this.#said === 'string' ? this.#said : this.#said.explain(nameOf)
  }
}

export type { UserFacingError }

/** The user can fix it: names the setting, or the config line, what is wrong with it, and what to write instead. */
export class InputError extends UserFacingError {
  override readonly name = 'InputError'
}

/** The world moved between plan and apply: nothing was overwritten; plan again. */
export class ConflictError extends UserFacingError {
  override readonly name = 'ConflictError'
}

/** A server, or a rule, refused the request for a reason that trying again will not change: names the rule or permission and the way out. */
export class RefusedError extends UserFacingError {
  override readonly name = 'RefusedError'
}

/** Retries are used up: names the server, what it answered, and how long it was tried. */
export class UnavailableError extends UserFacingError {
  override readonly name = 'UnavailableError'
}

/** True for the errors above, whose message is written for the user. */
export function isUserFacing(error: unknown): error is UserFacingError {
  return error instanceof UserFacingError
}

/** Does what may fail. @returns the error that it failed with, where that is one of the above; another one is thrown */
export async function attempt<T>(action: () => Promise<T>): Promise<T | UserFacingError> {
  try {
    return await action()
  } catch (error) {
    if (isUserFacing(error)) return error
    throw error
  }
}

/**
 * Reads a setting by a function whose errors do not name it: they are given its name.
 * @param path of the setting, such as `database.url`
 * @throws InputError that names the setting
 */
export function readSetting<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof InputError ? new InputError(message`${setting(path)} ${error}`) : error
  }
}

import { FlagdCore } from '@openfeature/flagd-core'
import { ConflictError, InputError, message, RefusedError, setting } from '../../errors.ts'
import type { FlagdFile } from './flagd-definitions.ts'
import { readFlagdFile } from './flagd-file.ts'
import { schemaProblems } from './flagd-schema.ts'
import type { FlagChange, FlagService, FlagsProposed, Served } from './service.ts'

/** Where a file of flags is: on a machine, or in the repository. */
export interface FlagFile {
  /** for texts */
  readonly name: string
  /** whose ending says the format: YAML, or else JSON */
  readonly path: string
  /** @returns undefined when there is none */
  readonly read: () => Promise<Buffer | undefined>
  /** how a write gets there, for the plan; absent where it is written in its place */
  readonly way?: () => Promise<string>
  /** Writes it, if it is still as it was read. @returns what proposes the change, where it waits for people @throws ConflictError */
  readonly write: (
    bytes: Buffer,
    options: { readonly expected: Buffer; readonly doing: string },
  ) => Promise<FlagsProposed | undefined>
}

/**
 * A file of flags of flagd, the reference server of OpenFeature. A flag is switched off by its `state`: one whose `defaultVariant` is `off`
 * and whose targeting is kept is still served. It is evaluated by flagd's own evaluator, and checked with flagd's own JSON Schema.
 */
export function openFlagd(file: FlagFile): FlagService {
  const read = async () => {
    const bytes = await file.read()
    if (bytes === undefined)
      throw new InputError(
        message`${setting('flags.file')} is ${file.path}, and ${file.name} does not exist; correct the path`,
      )
    const text = textOf(file.name, bytes)
    return { bytes, text, held: readFlagdFile(file.path, text) }
  }
  return {
    at: `flagd, ${file.name}`,
    way: file.way,
    offMeans: 'flagd returns no value for a DISABLED flag: clients use the default in their code',
    list: async () => {
      const { held } = await read()
      demandLoadable(file.name, held)
      return new Map(
        held.flags.map(({ name, enabled, definition }) => [
          name,
          { name, on: enabled, archived: false, state: definition, version: '' },
        ]),
      )
    },
    problems: async () => {
      const found = schemaProblems((await read()).held.value)
      return found.map((each) => `${file.name} does not fit the JSON Schema of flagd: ${each}`)
    },
    change: async (changes) => {
      const { bytes, text, held } = await read()
      const next = changes.reduce((edited, change) => changeOne(file, edited, change), text)
      const after = readFlagdFile(file.path, next)
      demandLoadable(file.name, after)
      demandFitting(file.name, held, after)
      const doing = changes
        .map(({ flag, state }) => `${state === undefined ? 'switch off' : 'restore'} ${flag.name}`)
        .join(', ')
        .replace(/\s+/g, ' ')
      return file.write(Buffer.from(next), { expected: bytes, doing })
    },
    serve: async (names) => serveBy((await read()).held, names),
  }
}

function textOf(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new InputError(`${file} is not UTF-8 text; save it as UTF-8`)
  }
}

/**
 * The file with one flag changed, and no other byte.
 * @throws ConflictError when the flag is not as it was read, RefusedError when it cannot be changed alone
 */
function changeOne({ path, name: file }: FlagFile, text: string, { flag, state }: FlagChange): string {
  const { flags, disabled } = readFlagdFile(path, text)
  const own = flags.find(({ name }) => name === flag.name)
  if (own === undefined || own.definition !== flag.state)
    throw new ConflictError(
      `the flag ${flag.name} in ${file} has changed since it was read: nothing was changed; plan again`,
    )
  const range = state === undefined ? own.stateRange : own.range
  if (range === undefined)
    throw new RefusedError(
      `the flag ${flag.name} in ${file} has no "state", so it cannot be changed alone: write one in its definition`,
    )
  const next = text.slice(0, range[0]) + (state ?? disabled) + text.slice(range[1])
  const after = readChanged({ path, file, name: flag.name }, next)
  const foreign = flags.filter(({ name }) => name !== flag.name)
  const changed = foreign.find(
    ({ name, value }) =>
      JSON.stringify(after.flags.find((each) => each.name === name)?.value) !== JSON.stringify(value),
  )
  const now = after.flags.find(({ name }) => name === flag.name)
  const isAsWanted = state === undefined ? now?.enabled === false : now?.definition === state
  if (changed !== undefined || !isAsWanted || after.flags.length !== flags.length)
    throw new RefusedError(
      `the flag ${flag.name} cannot be changed alone in ${file}${changed === undefined ? ': its layout has changed' : `: ${changed.name} shares a part of it`}; nothing was changed, edit the file manually`,
    )
  return next
}

/** A definition in another layout, such as another indentation, may not be readable where it is put back. */
function readChanged(
  { path, file, name }: { readonly path: string; readonly file: string; readonly name: string },
  text: string,
): FlagdFile {
  try {
    return readFlagdFile(path, text)
  } catch (error) {
    throw new RefusedError(
      `the flag ${name} cannot be changed alone in ${file}: its layout has changed; nothing was changed, edit the file manually`,
      { cause: error },
    )
  }
}

/** One flag that flagd cannot load makes it refuse the whole file. @throws InputError */
function demandLoadable(file: string, held: FlagdFile): void {
  try {
    load(held)
  } catch (error) {
    throw new InputError(`flagd cannot load ${file}: ${error instanceof Error ? error.message : error}`)
  }
}

/** What the schema did not allow before is no reason not to switch a flag off; what a change brings in is. @throws RefusedError */
function demandFitting(file: string, before: FlagdFile, after: FlagdFile): void {
  const known = new Set(schemaProblems(before.value))
  const added = schemaProblems(after.value).filter((each) => !known.has(each))
  if (added.length > 0)
    throw new RefusedError(
      `${file} would not fit the JSON Schema of flagd: ${added.slice(0, 5).join('; ')}; nothing was changed, restore from another backup`,
    )
}

function load({ value }: FlagdFile): FlagdCore {
  const core = new FlagdCore(undefined, silent, { disableDynamicCodeGeneration: true })
  core.setConfigurations(JSON.stringify(value))
  return core
}

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

/** What a client without a context is answered. One that is disabled is not answered at all: the default in the code decides. */
function serveBy(held: FlagdFile, names: readonly string[]): ReadonlyMap<string, Served> {
  const core = load(held)
  const answers = new Map(core.resolveAll({}, silent).map((each) => [each.flagKey, each]))
  return new Map(
    names.map((name) => {
      const answer = answers.get(name)
      const isOff = answer === undefined && core.getFlag(name)?.state === 'DISABLED'
      const value = answer === undefined ? 'off' : (answer.variant ?? JSON.stringify(answer.value))
      return [name, { value, reason: answer?.reason ?? (isOff ? 'DISABLED' : 'ERROR'), isOff }] as const
    }),
  )
}

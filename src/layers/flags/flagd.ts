import { FlagdCore } from '@openfeature/flagd-core'
import { applyEdits, findNodeAtLocation, modify } from 'jsonc-parser'
import { ConflictError, InputError } from '../../errors.ts'
import { parseFlags } from './flagd-file.ts'
import type { FlagChange, FlagService, Served } from './service.ts'

/** Where a file of flags is: on a machine, or in the repository. */
export interface FlagFile {
  /** for texts */
  readonly name: string
  /** @returns undefined when there is none */
  readonly read: () => Promise<Buffer | undefined>
  /** Writes it, if it is still as it was read. @throws ConflictError */
  readonly write: (
    bytes: Buffer,
    options: { readonly expected: Buffer; readonly doing: string },
  ) => Promise<void>
}

/**
 * A file of flags of flagd, the reference server of OpenFeature. A flag is switched off by its `state`: one whose `defaultVariant` is `off`
 * and whose targeting is kept is still served. It is evaluated by flagd's own evaluator.
 */
export function openFlagd(file: FlagFile): FlagService {
  const read = async () => {
    const bytes = await file.read()
    if (bytes === undefined)
      throw new InputError(`${file.name}, which has the feature flags, does not exist; correct the path`)
    return { bytes, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  }
  return {
    at: `flagd, ${file.name}`,
    offMeans: 'flagd answers nothing for a flag that is DISABLED: the default in the code that asks decides',
    list: async () => {
      const { text } = await read()
      const { flags } = parseFlags(file.name, text)
      demandLoadable(file.name, text)
      return new Map(
        flags.map(({ name, node, enabled }) => [
          name,
          {
            name,
            on: enabled,
            archived: false,
            state: text.slice(node.offset, node.offset + node.length),
            version: '',
          },
        ]),
      )
    },
    change: async (changes) => {
      const { bytes, text } = await read()
      const next = changes.reduce((edited, change) => changeOne(file.name, edited, change), text)
      demandLoadable(file.name, next)
      const doing = changes
        .map(({ flag, state }) => `${state === undefined ? 'switch off' : 'restore'} ${flag.name}`)
        .join(', ')
      await file.write(Buffer.from(next), { expected: bytes, doing })
    },
    serve: async (names) => serveBy((await read()).text, names),
  }
}

/** The file with one flag changed, and no other byte. @throws ConflictError when the flag is not as it was read */
function changeOne(file: string, text: string, { flag, state }: FlagChange): string {
  const { tree } = parseFlags(file, text)
  const node = findNodeAtLocation(tree, ['flags', flag.name])
  if (node === undefined || text.slice(node.offset, node.offset + node.length) !== flag.state)
    throw new ConflictError(
      `the flag ${flag.name} in ${file} has changed since it was read: nothing was changed; plan again`,
    )
  if (state !== undefined) return text.slice(0, node.offset) + state + text.slice(node.offset + node.length)
  return applyEdits(text, modify(text, ['flags', flag.name, 'state'], 'DISABLED', { formattingOptions: {} }))
}

/** One flag that flagd cannot load makes it refuse the whole file. @throws InputError */
function demandLoadable(file: string, text: string): void {
  try {
    load(text)
  } catch (error) {
    throw new InputError(`flagd cannot load ${file}: ${error instanceof Error ? error.message : error}`)
  }
}

function load(text: string): FlagdCore {
  const core = new FlagdCore(undefined, silent, { disableDynamicCodeGeneration: true })
  core.setConfigurations(text.replace(/^\ufeff/, ''))
  return core
}

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

/** What a client without a context is answered. One that is disabled is not answered at all: the default in the code decides. */
function serveBy(text: string, names: readonly string[]): ReadonlyMap<string, Served> {
  const core = load(text)
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

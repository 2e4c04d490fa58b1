import { InputError, type Setting } from '../errors.ts'
import { type DurationUnit, parseDuration } from '../text/duration.ts'
import { parseSize } from '../text/size.ts'
import { checkRules, type InputRule } from './input-rules.ts'

/** One input of an action: its description, and how its text is parsed. */
export interface Input<T> {
  readonly description: string
  readonly required: boolean
  /** as text, just as it stands in `action.yml`; '' where there is none */
  readonly default: string
  /** masked in the log before the first line is printed */
  readonly secret: boolean
  /** path of the same setting in the configuration file, by which errors name it; that of the input where the file has none */
  readonly setting: string | undefined
  /** another setting that the input stands for, where that one does not apply */
  readonly elseSetting: string | undefined
  /** @throws InputError that says what is wrong and what to write instead, without naming the input */
  readonly parse: (text: string) => T
}

export type Inputs = Readonly<Record<string, Input<unknown>>>
export type InputValues<I extends Inputs> = {
  readonly [K in keyof I]: I[K] extends Input<infer T> ? T : never
}

interface Declaration {
  readonly description: string
  readonly required?: boolean
  readonly default?: string
  readonly setting?: string
  readonly elseSetting?: string
}

/** The kinds of inputs. An empty input is '' or undefined, never another value. */
export const input = {
  text: (declared: Declaration) => declare(declared, (text) => text),

  /** a name: text on one line */
  name: (declared: Declaration) =>
    declare(declared, (text) => {
      if (/[\p{Cc}\u2028\u2029]/u.test(text))
        throw new InputError('holds a line break or a control character; write one line')
      return text.trim()
    }),

  /** a path within the repository, with no slash at its ends */
  path: (declared: Declaration) =>
    declare(declared, (text) => {
      if (/^(?:\/|[a-z]:|~)|(?:^|[\\/])\.\.(?:[\\/]|$)|\p{Cc}/iu.test(text))
        throw new InputError(`is "${text}"; write a path within the repository, such as db/migrations`)
      return text.replace(/^(?:\.\/)+|\/+$/g, '')
    }),

  secret: (declared: Declaration) => ({ ...declare(declared, (text) => text), secret: true }),

  flag: (declared: Declaration) =>
    declare(declared, (text) => {
      if (text === 'true') return true
      if (text === 'false' || text === '') return false
      throw new InputError(`is "${text}"; write true or false`)
    }),

  choice: <const T extends string>({
    options,
    ...declared
  }: Declaration & { readonly options: readonly T[] }) =>
    declare(declared, (text) => parseChoice(text, options)),

  choices: <const T extends string>({
    options,
    ...declared
  }: Declaration & { readonly options: readonly T[] }) =>
    declare(declared, (text) => splitList(text).map((each) => parseChoice(each, options))),

  list: (declared: Declaration) => declare(declared, splitList),

  /** a whole number that is not negative */
  count: (declared: Declaration) =>
    declare(declared, (text) => {
      if (/^\d{1,9}$/.test(text)) return Number(text)
      throw new InputError(`is "${text}"; write a whole number`)
    }),

  /** `NAME=VALUE`, one a line */
  pairs: (declared: Declaration) =>
    declare(declared, (text) =>
      Object.fromEntries(
        splitLines(text).map((line) => {
          const [, name, value] = /^([A-Za-z_][\w-]*)=(.*)$/.exec(line) ?? []
          if (name === undefined || value === undefined)
            throw new InputError(`has the line "${line}"; write NAME=VALUE, one a line`)
          return [name, value] as const
        }),
      ),
    ),

  /** in bytes; undefined when left empty */
  size: (declared: Declaration) => declare(declared, (text) => (text === '' ? undefined : parseSize(text))),

  /** in milliseconds; undefined when left empty. A number without a unit is taken for the unit of the default, unless one is given */
  duration: ({ unit, ...declared }: Declaration & { readonly unit?: DurationUnit }) =>
    declare(declared, (text) => {
      return text === '' ? undefined : parseDuration(text, unit ?? unitOf(declared.default))
    }),
} as const

function unitOf(duration = ''): DurationUnit | undefined {
  return (['m', 'h', 'd'] as const).find((unit) => new RegExp(`^\\d+${unit}$`).test(duration))
}

function declare<T>(
  { description, required = false, default: fallback = '', setting, elseSetting }: Declaration,
  parse: (text: string) => T,
): Input<T> {
  return { description, required, default: fallback, secret: false, setting, elseSetting, parse }
}

function parseChoice<T extends string>(text: string, options: readonly T[]): T {
  const chosen = options.find((option) => option === text)
  if (chosen === undefined) throw new InputError(`is "${text}"; write one of ${options.join(', ')}`)
  return chosen
}

function splitList(text: string): readonly string[] {
  const items = splitLines(text.replaceAll(',', '\n'))
  // what was meant to be some must not become all
  if (items.length === 0 && text.trim() !== '')
    throw new InputError(`is "${text.trim()}", which names nothing; name at least one, or leave it out`)
  return items
}

function splitLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** The input by which users of an action give a setting; undefined when it has none. */
export function inputOf(inputs: Inputs, { path }: Setting): string | undefined {
  return Object.entries(inputs).find(
    ([name, each]) => (each.setting ?? name) === path || each.elseSetting === path,
  )?.[0]
}

/** The name of the environment variable in which the runner hands over an input. */
export function variableOf(name: string): string {
  return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`
}

/**
 * Reads all inputs of an action.
 * @throws InputError that lists every input that is missing, malformed, or does not go with another, not only the first
 */
export function readInputs<I extends Inputs>(
  inputs: I,
  env: NodeJS.ProcessEnv,
  rules: readonly InputRule[] = [],
): InputValues<I> {
  const problems: string[] = []
  const values = Object.entries(inputs).map(([name, { required, default: fallback, parse }]) => {
    const text = (env[variableOf(name)] ?? fallback).trim()
    try {
      if (required && text === '') throw new InputError('is required and was not given')
      return [name, parse(text)] as const
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      problems.push(`input "${name}" ${error.message}`)
      return [name, undefined] as const
    }
  })
  // where an input is malformed, what goes with it is not known
  if (problems.length === 0) {
    const written = Object.entries(inputs).map(([name, { default: fallback }]) => {
      return [name, { text: (env[variableOf(name)] ?? '').trim(), fallback }] as const
    })
    const broken = checkRules(rules, new Map(written))
    problems.push(...broken.map((error) => error.explain(({ path }) => `input "${path}"`)))
  }
  if (problems.length > 0) throw new InputError(problems.join('\n'))
  // each value was made by the parse function of its own declaration
  return Object.fromEntries(values) as InputValues<I>
}

import { InputError, message, setting } from '../errors.ts'

/** An input with one of some values; without `is`, with any that is not its default. */
export interface Condition<Name extends string = string> {
  readonly input: Name
  readonly is?: readonly string[]
}

/** Which inputs of an action can be combined. An input that would be ignored is an error, because its author expects an effect. */
export type InputRule<Name extends string = string> =
  | { readonly inputs: readonly Name[]; readonly onlyWith: Condition<Name> }
  | { readonly inputs: readonly Name[]; readonly notWith: Condition<Name> }
  | { readonly inputs: readonly Name[]; readonly requiredWith: Condition<Name> }
  | { readonly oneOf: readonly Name[] }

/** The text of an input, and its default. */
export interface Written {
  readonly text: string
  readonly fallback: string
}

/**
 * What is wrong with a combination of inputs, and what to write instead. The runner hands over defaults as if they had been
 * written: an input that has its default counts as not given.
 */
export function checkRules(
  rules: readonly InputRule[],
  written: ReadonlyMap<string, Written>,
): readonly InputError[] {
  const textOf = (name: string) => written.get(name)?.text || written.get(name)?.fallback || ''
  const isGiven = (name: string) => {
    const { text = '', fallback = '' } = written.get(name) ?? {}
    return text !== '' && text !== fallback
  }
  const holds = ({ input, is }: Condition) => (is === undefined ? isGiven(input) : is.includes(textOf(input)))
  // only a choice is quoted: anything else may be long, or a secret
  const stateOf = ({ input, is }: Condition) => {
    if (is === undefined) return message`${setting(input)} is ${isGiven(input) ? '' : 'not '}given`
    return message`${setting(input)} is ${textOf(input)}`
  }

  const broken = (rule: InputRule): readonly InputError[] => {
    if ('oneOf' in rule) {
      const given = rule.oneOf.filter(isGiven)
      const [first = '', second = ''] = given
      return given.length < 2
        ? []
        : [
            new InputError(
              message`${setting(first)} and ${setting(second)} exclude each other; write one of them`,
            ),
          ]
    }
    if ('requiredWith' in rule) {
      if (!holds(rule.requiredWith)) return []
      return rule.inputs
        .filter((name) => textOf(name) === '')
        .map(
          (name) =>
            new InputError(
              message`${setting(name)} is required where ${stateOf(rule.requiredWith)}; write it`,
            ),
        )
    }
    const given = rule.inputs.filter(isGiven)
    if ('notWith' in rule)
      return !holds(rule.notWith)
        ? []
        : given.map(
            (name) =>
              new InputError(
                message`${setting(name)} has no effect where ${stateOf(rule.notWith)}; leave one of them out`,
              ),
          )
    return holds(rule.onlyWith)
      ? []
      : given.map(
          (name) =>
            new InputError(
              message`${setting(name)} has an effect only with ${describeCondition(rule.onlyWith)}, and ${stateOf(rule.onlyWith)}; write that, or leave ${setting(name)} out`,
            ),
        )
  }
  const isMissing = (rule: InputRule) => 'requiredWith' in rule
  const missing = rules.flatMap((rule) =>
    'requiredWith' in rule && holds(rule.requiredWith)
      ? rule.inputs.filter((name) => textOf(name) === '')
      : [],
  )
  // what goes only with an input that is missing may stay once that is written
  const mayStay = (rule: InputRule) => 'onlyWith' in rule && missing.includes(rule.onlyWith.input)
  // what is missing beside a combination that cannot be is not to be written yet
  const conflicts = rules.filter((rule) => !isMissing(rule) && !mayStay(rule)).flatMap(broken)
  return conflicts.length > 0 ? conflicts : rules.filter(isMissing).flatMap(broken)
}

/** What the documentation of an input says of the rules that it is in: sentences, each with its end. */
export function describeRules(name: string, rules: readonly InputRule[]): readonly string[] {
  return rules.flatMap((rule) => {
    if ('oneOf' in rule) {
      const others = rule.oneOf.filter((other) => other !== name).map((other) => `\`${other}\``)
      return rule.oneOf.includes(name) ? [`Not together with ${listWords(others)}.`] : []
    }
    if (!rule.inputs.includes(name)) return []
    if ('requiredWith' in rule) return [`Required with ${quoteCondition(rule.requiredWith)}.`]
    if ('notWith' in rule) return [`Not with ${quoteCondition(rule.notWith)}.`]
    return [`Only with ${quoteCondition(rule.onlyWith)}.`]
  })
}

function describeCondition({ input, is }: Condition): string {
  return is === undefined ? input : `${input}: ${listWords(is)}`
}

function quoteCondition({ input, is }: Condition): string {
  return is === undefined ? `\`${input}\`` : listWords(is.map((value) => `\`${input}: ${value}\``))
}

function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema'
import flagsSchema from './flagd-schemas/flags.json' with { type: 'json' }
import targetingSchema from './flagd-schemas/targeting.json' with { type: 'json' }

const whole = validatorOf(flagsSchema as Schema)
const kinds = ['booleanFlag', 'numberFlag', 'stringFlag', 'objectFlag'].map((kind) =>
  validatorOf({ $ref: `${flagsSchema.$id}#/definitions/${kind}` }),
)

/**
 * What flagd's own JSON Schema does not allow in a file of flags: flagd itself logs it as a warning, and serves the file.
 * @param value the file as JSON has it
 * @returns a line each, with the place in the file; empty for a valid file
 */
export function schemaProblems(value: unknown): readonly string[] {
  const { valid, errors } = whole.validate(value)
  if (valid) return []
  const { flags, ...rest } = Object(value) as { readonly flags?: unknown }
  const ofFlags = Object.entries(Object(flags) as object).flatMap(([name, flag]) =>
    problemsOf(flag).map((each) => `flags.${name}${each}`),
  )
  const ofRest = linesOf(whole.validate({ ...rest, flags: {} }).errors).map((each) => each.replace(/^\./, ''))
  const found = [...ofRest, ...ofFlags]
  return found.length > 0 ? found : linesOf(errors)
}

/** A flag may be of four types: what is wrong is what keeps it from the one that it is nearest to. */
function problemsOf(flag: unknown): readonly string[] {
  const found = kinds.map((validator) => linesOf(validator.validate(flag).errors))
  return found.reduce((least, each) => (each.length < least.length ? each : least))
}

function validatorOf(schema: Schema): Validator {
  const validator = new Validator(schema, '7', false)
  validator.addSchema(flagsSchema as Schema)
  validator.addSchema(targetingSchema as Schema)
  return validator
}

/** Of one place the first reason: those of the branches that do not apply follow. */
function linesOf(errors: readonly OutputUnit[]): readonly string[] {
  // that a part is wrong follows from what is wrong in it
  const places = errors.map(({ instanceLocation }) => instanceLocation)
  const leaves = errors.filter(
    ({ instanceLocation: at, keyword }) =>
      keyword !== '$ref' && !places.some((other) => other.startsWith(`${at}/`)),
  )
  const byPlace = Map.groupBy(leaves, ({ instanceLocation }) => instanceLocation)
  return [...byPlace].map(
    ([place, [first]]) => `${place.slice(1).replaceAll('/', '.')}: ${first?.error ?? 'is not allowed'}`,
  )
}

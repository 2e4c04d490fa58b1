import { InputError } from '../../errors.ts'

/** One flag in the text of a file. */
export interface FlagText {
  readonly name: string
  /** offsets of its definition */
  readonly range: readonly [start: number, end: number]
  /** offsets of the value of its `state`; undefined where the flag has none of its own */
  readonly stateRange: readonly [start: number, end: number] | undefined
  readonly enabled: boolean
  /** its definition: the text itself, or JSON where YAML aliases make the text incomplete */
  readonly definition: string
  /** what it says, aliases resolved */
  readonly value: unknown
}

/** What a file of flagd holds, with offsets. */
export interface FlagdFile {
  readonly flags: readonly FlagText[]
  /** all of it as JSON has it, as flagd itself reads YAML */
  readonly value: unknown
  /** `DISABLED` as the format writes it */
  readonly disabled: string
}

/** An error of a file without flags. */
export function withoutFlags(file: string, isList: boolean): InputError {
  return new InputError(
    `${file} has ${isList ? 'a list' : 'no object'} "flags"; write an object of flags by their names: https://flagd.dev/reference/flag-definitions/`,
  )
}

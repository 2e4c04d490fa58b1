import fc, { type GeneratorValue } from 'fast-check'

/** What a generated object is made of. */
export interface Dice {
  readonly pick: <T>(...from: readonly T[]) => T
  readonly flip: () => boolean
  readonly upTo: (max: number) => number
  /** a name, hard to write, that no other object has, unquoted */
  readonly rawName: () => string
  /** a text, hard to write, unquoted */
  readonly rawText: () => string
}

const pieces = [
  'a',
  'Z',
  ' ',
  "'",
  '"',
  '\\',
  '.',
  ';',
  '%',
  '$',
  '$$',
  '-',
  '--',
  '/*',
  '\n',
  '\t',
  'ü',
  '🦆',
  '0',
  '`',
  '=',
]

/** Rolls the dice of a test: it shrinks and repeats as fast-check does. */
export function diceOf(g: GeneratorValue): Dice {
  let count = 0
  const upTo = (max: number) => g(fc.nat, max)
  const pick = <T>(...from: readonly T[]): T => {
    const found = from[upTo(from.length - 1)]
    if (found === undefined) throw new TypeError('there is nothing to pick from')
    return found
  }
  const raw = (longest: number) => Array.from({ length: upTo(longest) }, () => pick(...pieces)).join('')
  return {
    upTo,
    pick,
    flip: () => upTo(1) === 1,
    rawName: () => {
      count += 1
      const long = upTo(9) === 0 ? 'x'.repeat(35) : ''
      // a name of MariaDB does not end with a blank
      return `o${count}${raw(4)}${long}_`
    },
    rawText: () => raw(6),
  }
}

/** Values of which there are few, once in memory, and a number for each. */
export class Shared<T> {
  readonly #numbers = new Map<string, number>()
  readonly #values: T[] = []

  /** @param key the same for the same value */
  number(key: string, value: T): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#values.push(value)
    this.#numbers.set(key, this.#values.length - 1)
    return this.#values.length - 1
  }

  /** @param number that `number` has given */
  at(number: number): T {
    const value = this.#values[number]
    if (value === undefined) throw new RangeError(`there is no value ${number}`)
    return value
  }
}

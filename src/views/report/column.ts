type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>

/** Numbers that become more, outside of the heap: 1, 4 or 8 bytes each. */
export class Column {
  readonly #kind: new (
    length: number,
  ) => Numbers
  #numbers: Numbers
  #length = 0

  constructor(kind: new (length: number) => Numbers) {
    this.#kind = kind
    this.#numbers = new kind(256)
  }

  get length(): number {
    return this.#length
  }

  /** @param index below the length */
  at(index: number): number {
    return this.#numbers[index] ?? Number.NaN
  }

  /** A copy of all. */
  doubles(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#numbers.subarray(0, this.#length))
  }

  set(index: number, value: number): void {
    this.#numbers[index] = value
  }

  /** @returns its index */
  push(value: number): number {
    if (this.#length === this.#numbers.length) {
      const grown = new this.#kind(Math.ceil(this.#length * 1.5))
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#numbers[this.#length] = value
    this.#length += 1
    return this.#length - 1
  }
}

/** What a column of doubles has at a place, which is NaN where there is nothing. */
export function numberOf(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}

type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>

const chunkBits = 14
const chunkLength = 1 << chunkBits

/**
 * Numbers that become more, outside of the heap: 1, 4 or 8 bytes each. They are in chunks, so that nothing is copied, and nothing is
 * thrown away, when there are more.
 */
export class Column {
  readonly #kind: new (
    length: number,
  ) => Numbers
  readonly #chunks: Numbers[] = []
  #length = 0

  constructor(kind: new (length: number) => Numbers) {
    this.#kind = kind
  }

  get length(): number {
    return this.#length
  }

  /** @param index below the length */
  at(index: number): number {
    return this.#chunks[index >>> chunkBits]?.[index & (chunkLength - 1)] ?? Number.NaN
  }

  set(index: number, value: number): void {
    const chunk = this.#chunks[index >>> chunkBits]
    if (chunk !== undefined) chunk[index & (chunkLength - 1)] = value
  }

  push(value: number): void {
    // the first chunk is small: many columns have few numbers
    if (this.#length === 0) this.#chunks.push(new this.#kind(256))
    else if (this.#length === 256) {
      const whole = new this.#kind(chunkLength)
      whole.set(this.#chunks[0] ?? [])
      this.#chunks[0] = whole
    } else if ((this.#length & (chunkLength - 1)) === 0) this.#chunks.push(new this.#kind(chunkLength))
    this.#length += 1
    this.set(this.#length - 1, value)
  }

  /** A copy of all. */
  doubles(): Float64Array<ArrayBuffer> {
    const all = new Float64Array(this.#length)
    this.#chunks.forEach((chunk, n) => {
      const from = n << chunkBits
      all.set(chunk.subarray(0, this.#length - from), from)
    })
    return all
  }
}

/** What a column of doubles has at a place, which is NaN where there is nothing. */
export function numberOf(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value
}

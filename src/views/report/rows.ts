import { Column } from './column.ts'

/**
 * Rows of a table that is kept in columns: an object is made of a row only while somebody looks at it, so that a million rows take the
 * memory of their numbers.
 */
export class Rows<T> implements Iterable<T> {
  readonly #read: (index: number) => T
  readonly #indices: Uint32Array<ArrayBuffer>

  /**
   * @param read makes the row of an index
   * @param indices of the rows, in their order
   */
  constructor(read: (index: number) => T, indices: Uint32Array<ArrayBuffer>) {
    this.#read = read
    this.#indices = indices
  }

  /** All rows of a table of so many, in the order of a number of them. */
  static sorted<T>(read: (index: number) => T, length: number, by: (index: number) => number): Rows<T> {
    const indices = Uint32Array.from({ length }, (_, index) => index)
    return new Rows(
      read,
      indices.sort((a, b) => by(a) - by(b) || a - b),
    )
  }

  /** Rows that are kept as they are. */
  static of<T>(rows: readonly T[]): Rows<T> {
    const read = (index: number): T => {
      const row = rows[index]
      if (row === undefined) throw new RangeError(`there is no row ${index}`)
      return row
    }
    return new Rows(read, Uint32Array.from(rows.keys()))
  }

  static none<T>(): Rows<T> {
    return Rows.of<T>([])
  }

  get length(): number {
    return this.#indices.length
  }

  *[Symbol.iterator](): Generator<T> {
    for (const index of this.#indices) yield this.#read(index)
  }

  filter(isMeant: (row: T) => boolean): Rows<T> {
    const kept = new Uint32Array(this.length)
    let count = 0
    for (const index of this.#indices) {
      if (!isMeant(this.#read(index))) continue
      kept[count] = index
      count += 1
    }
    return new Rows(this.#read, kept.slice(0, count))
  }

  count(isMeant: (row: T) => boolean): number {
    let count = 0
    for (const index of this.#indices) if (isMeant(this.#read(index))) count += 1
    return count
  }

  /** The numbers of the rows that have one. */
  numbers(numberIn: (row: T) => number | undefined): Float64Array<ArrayBuffer> {
    const numbers = new Column(Float64Array)
    for (const index of this.#indices) {
      const number = numberIn(this.#read(index))
      if (number !== undefined) numbers.push(number)
    }
    return numbers.doubles()
  }

  /** Those from a number on and below another one, of rows that are in the order of that number. Nothing is copied. */
  between({ from, to }: { readonly from: number; readonly to: number }, by: (row: T) => number): Rows<T> {
    return new Rows(this.#read, this.#indices.subarray(this.#first(from, by), this.#first(to, by)))
  }

  slice(from: number, to?: number): Rows<T> {
    return new Rows(this.#read, this.#indices.subarray(from, to))
  }

  /** The last one that is meant. */
  findLast(isMeant: (row: T) => boolean): T | undefined {
    for (let at = this.length - 1; at >= 0; at -= 1) {
      const row = this.#read(this.#indices[at] ?? 0)
      if (isMeant(row)) return row
    }
    return undefined
  }

  at(place: number): T | undefined {
    const index = this.#indices.at(place)
    return index === undefined ? undefined : this.#read(index)
  }

  /** The place of the first one that has the number or a higher one. */
  #first(number: number, by: (row: T) => number): number {
    let [low, high] = [0, this.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (by(this.#read(this.#indices[middle] ?? 0)) < number) low = middle + 1
      else high = middle
    }
    return low
  }
}

import { Column } from './column.ts'

const chunkBits = 18
const chunkBytes = 1 << chunkBits

/**
 * Texts by number, each text once. They are kept outside of the heap, a byte for a character (two where a text has others than
 * Latin-1): a million ids take 30 MB here, and 100 MB as the keys of a `Map`.
 */
export class Texts {
  /** a text is in one of them */
  readonly #chunks: Buffer[] = []
  /** in the last one */
  #used = 0
  /** of the chunk, and the place in it */
  readonly #place = new Column(Uint32Array)
  /** characters; doubled, and 1 more where they are wide */
  readonly #length = new Column(Uint32Array)
  readonly #hashes = new Column(Uint32Array)
  /** by hash: the number of a text and 1, or 0 */
  #slots = new Uint32Array(1 << 10)

  get size(): number {
    return this.#length.length
  }

  /** The number of a text; it gets the next one where it is new. */
  number(text: string): number {
    // Jenkins' one-at-a-time
    let hash = 0
    let all = 0
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      all |= code
      hash = Math.imul(hash + code, 1025)
      hash ^= hash >>> 6
    }
    hash = Math.imul(hash, 9)
    hash = Math.imul(hash ^ (hash >>> 11), 32769) >>> 0
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (let known = this.#slots[slot]; known; slot = (slot + 1) & mask, known = this.#slots[slot])
      if (this.#hashes.at(known - 1) === hash && this.#is(known - 1, text)) return known - 1
    this.#keep(text, all > 255)
    this.#hashes.push(hash)
    this.#slots[slot] = this.size
    if (this.size * 2 > this.#slots.length) this.#spread()
    return this.size - 1
  }

  /** @param number that `number` has given */
  text(number: number): string {
    const length = this.#length.at(number)
    const bytes = this.#chunks[this.#place.at(number) >>> chunkBits]
    if (bytes === undefined) throw new RangeError(`there is no text ${number}`)
    const from = this.#place.at(number) & (chunkBytes - 1)
    // 1 for a wide one, whose length in bytes is the number of its characters, doubled
    return (length & 1) === 1
      ? bytes.toString('utf16le', from, from + length - 1)
      : bytes.toString('latin1', from, from + (length >>> 1))
  }

  #is(number: number, text: string): boolean {
    const length = this.#length.at(number)
    if (length >>> 1 !== text.length) return false
    if ((length & 1) === 1) return this.text(number) === text
    const from = this.#place.at(number) & (chunkBytes - 1)
    const bytes = this.#chunks[this.#place.at(number) >>> chunkBits]
    for (let at = 0; at < text.length; at += 1) if (bytes?.[from + at] !== text.charCodeAt(at)) return false
    return true
  }

  #keep(text: string, isWide: boolean): void {
    const size = text.length * (isWide ? 2 : 1)
    let bytes = this.#chunks.at(-1)
    if (bytes === undefined || this.#used + size > bytes.length || this.#used >= chunkBytes) {
      // few texts take little, and a long one is in a chunk of its own
      bytes = Buffer.allocUnsafeSlow(Math.max(size, bytes === undefined ? 1 << 12 : chunkBytes))
      this.#chunks.push(bytes)
      this.#used = 0
    }
    bytes.write(text, this.#used, isWide ? 'utf16le' : 'latin1')
    this.#place.push((this.#chunks.length - 1) * chunkBytes + this.#used)
    this.#length.push(text.length * 2 + (isWide ? 1 : 0))
    this.#used += size
  }

  #spread(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let number = 0; number < this.size; number += 1) {
      let slot = this.#hashes.at(number) & mask
      while (this.#slots[slot]) slot = (slot + 1) & mask
      this.#slots[slot] = number + 1
    }
  }
}

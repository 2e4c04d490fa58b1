import { Column } from './column.ts'

/**
 * Texts by number, each text once. They are kept outside of the heap, a byte for a character (two where a text has others than
 * Latin-1): a million ids take 30 MB here, and 100 MB as the keys of a `Map`.
 */
export class Texts {
  #bytes = Buffer.alloc(1 << 16)
  #used = 0
  /** where each text ends; it begins where the one before ends */
  readonly #ends = new Column(Uint32Array)
  readonly #hashes = new Column(Uint32Array)
  readonly #isWide = new Column(Uint8Array)
  /** by hash: the number of a text and 1, or 0 */
  #slots = new Uint32Array(1 << 10)

  get size(): number {
    return this.#ends.length
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
    return this.#add(text, hash, all > 255, slot)
  }

  /** @param number that `number` has given */
  text(number: number): string {
    const from = number === 0 ? 0 : this.#ends.at(number - 1)
    const encoding = this.#isWide.at(number) === 1 ? 'utf16le' : 'latin1'
    return this.#bytes.toString(encoding, from, this.#ends.at(number))
  }

  #is(number: number, text: string): boolean {
    const from = number === 0 ? 0 : this.#ends.at(number - 1)
    const isWide = this.#isWide.at(number) === 1
    if (this.#ends.at(number) - from !== text.length * (isWide ? 2 : 1)) return false
    if (isWide) return this.text(number) === text
    for (let at = 0; at < text.length; at += 1)
      if (this.#bytes[from + at] !== text.charCodeAt(at)) return false
    return true
  }

  #add(text: string, hash: number, isWide: boolean, slot: number): number {
    const to = this.#used + text.length * (isWide ? 2 : 1)
    if (to > this.#bytes.length) {
      const grown = Buffer.alloc(Math.ceil(to * 1.5))
      this.#bytes.copy(grown, 0, 0, this.#used)
      this.#bytes = grown
    }
    this.#bytes.write(text, this.#used, isWide ? 'utf16le' : 'latin1')
    this.#used = to
    this.#ends.push(to)
    this.#hashes.push(hash)
    this.#isWide.push(isWide ? 1 : 0)
    this.#slots[slot] = this.size
    if (this.size * 2 > this.#slots.length) this.#spread()
    return this.size - 1
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

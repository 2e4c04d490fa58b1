import { Column } from './column.ts'

/**
 * Texts by number, each text once. They are kept outside of the heap, a byte for a character (two where a text has others than
 * Latin-1): a million ids take 30 MB here, and 100 MB as the keys of a `Map`.
 */
export class Texts {
  /** a text is in one of them */
  readonly #chunks: Buffer[] = []
  /** in the last one */
  #used = 0
  readonly #chunk = new Column(Uint32Array)
  readonly #from = new Column(Uint32Array)
  /** characters */
  readonly #length = new Column(Uint32Array)
  readonly #hashes = new Column(Uint32Array)
  readonly #isWide = new Column(Uint8Array)
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
    return this.#add(text, hash, all > 255, slot)
  }

  /** @param number that `number` has given */
  text(number: number): string {
    const from = this.#from.at(number)
    const length = this.#length.at(number)
    const bytes = this.#chunks[this.#chunk.at(number)]
    if (bytes === undefined) throw new RangeError(`there is no text ${number}`)
    return this.#isWide.at(number) === 1
      ? bytes.toString('utf16le', from, from + length * 2)
      : bytes.toString('latin1', from, from + length)
  }

  #is(number: number, text: string): boolean {
    if (this.#length.at(number) !== text.length) return false
    if (this.#isWide.at(number) === 1) return this.text(number) === text
    const from = this.#from.at(number)
    const bytes = this.#chunks[this.#chunk.at(number)]
    for (let at = 0; at < text.length; at += 1) if (bytes?.[from + at] !== text.charCodeAt(at)) return false
    return true
  }

  #add(text: string, hash: number, isWide: boolean, slot: number): number {
    const size = text.length * (isWide ? 2 : 1)
    let bytes = this.#chunks.at(-1)
    if (bytes === undefined || this.#used + size > bytes.length) {
      // few texts take little
      bytes = Buffer.allocUnsafeSlow(Math.max(size, bytes === undefined ? 1 << 12 : 1 << 18))
      this.#chunks.push(bytes)
      this.#used = 0
    }
    bytes.write(text, this.#used, isWide ? 'utf16le' : 'latin1')
    this.#chunk.push(this.#chunks.length - 1)
    this.#from.push(this.#used)
    this.#length.push(text.length)
    this.#used += size
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

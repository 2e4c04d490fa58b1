/**
 * A set of event ids that stays small: an id is 96 bits, kept as three numbers of 32 bits. A million ids are 25 MB here, and
 * 100 MB as a `Set` of strings. Open addressing with linear probing.
 */
export class SeenIds {
  #slots = new Uint32Array(3 * 1024)
  #used = new Uint8Array(1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @param id 24 hexadecimal digits @returns false when it was there before */
  add(id: string): boolean {
    if (this.#size * 2 >= this.#used.length) this.#grow()
    const isNew = place(this.#slots, this.#used, wordOf(id, 0), wordOf(id, 8), wordOf(id, 16))
    if (isNew) this.#size += 1
    return isNew
  }

  #grow(): void {
    const [slots, used] = [this.#slots, this.#used]
    this.#slots = new Uint32Array(slots.length * 2)
    this.#used = new Uint8Array(used.length * 2)
    for (let at = 0; at < used.length; at += 1)
      if (used[at] === 1)
        place(this.#slots, this.#used, slots[at * 3] ?? 0, slots[at * 3 + 1] ?? 0, slots[at * 3 + 2] ?? 0)
  }
}

function wordOf(id: string, from: number): number {
  return Number.parseInt(id.slice(from, from + 8), 16)
}

/** The number of places is a power of two. */
function place(slots: Uint32Array, used: Uint8Array, a: number, b: number, c: number): boolean {
  for (let at = mix(a, b, c) & (used.length - 1); ; at = (at + 1) & (used.length - 1)) {
    const base = at * 3
    if (used[at] === 0) {
      used[at] = 1
      slots[base] = a
      slots[base + 1] = b
      slots[base + 2] = c
      return true
    }
    if (slots[base] === a && slots[base + 1] === b && slots[base + 2] === c) return false
  }
}

/** Spreads ids over the places: ids are hashes, and a foreign file can have others. */
function mix(a: number, b: number, c: number): number {
  const mixed = a ^ Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca77)
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 7
}

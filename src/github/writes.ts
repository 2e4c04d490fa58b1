const writes = new WeakMap<object, number>()

/** Says that a client sends a write: from here on the world is another one. */
export function noteWrite(client: object): void {
  writes.set(client, writesSent(client) + 1)
}

/** How many writes a client has sent. */
export function writesSent(client: object): number {
  return writes.get(client) ?? 0
}

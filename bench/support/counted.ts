import { connect, createServer } from 'node:net'

/** Passes connections on to an address, and counts the bytes that go either way. */
export async function countBytes(address: string) {
  const { hostname, port } = new URL(address)
  let bytes = 0
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    const count = (chunk: Buffer) => {
      bytes += chunk.length
    }
    near
      .on('data', count)
      .on('error', () => far.destroy())
      .pipe(far)
    far
      .on('data', count)
      .on('error', () => near.destroy())
      .pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = server.address()
  if (own === null || typeof own === 'string') throw new Error('no port on 127.0.0.1')
  return {
    url: `http://127.0.0.1:${own.port}`,
    /** bytes since it was last asked */
    take: () => {
      const taken = bytes
      bytes = 0
      return taken
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

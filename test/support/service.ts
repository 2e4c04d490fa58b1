import { createServer } from 'node:http'

/** A web service on loopback whose answer a test can change while it runs. */
export async function startService(first: { readonly status: number; readonly body?: string }) {
  let answer = first
  const server = createServer((_, response) => {
    response.writeHead(answer.status, { connection: 'close' }).end(answer.body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    change: (next: typeof first) => {
      answer = next
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

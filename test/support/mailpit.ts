import { fileURLToPath } from 'node:url'
import { freePort } from './misbehaving-service.ts'
import { startServer } from './server-process.ts'

export interface Mail {
  readonly ID: string
  readonly MessageID: string
  readonly Subject: string
  readonly To: readonly { readonly Address: string }[]
}

/** Starts the real mail server of the tests, with an interface over HTTP to what it received. */
export async function startMailpit() {
  const [web, smtp] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${web}`
  const { stop } = await startServer({
    program: fileURLToPath(new URL('../../.cache/test-servers/mailpit/mailpit', import.meta.url)),
    args: async (directory) => [
      ...['--listen', `127.0.0.1:${web}`, '--smtp', `127.0.0.1:${smtp}`],
      ...['--database', `${directory}/mail.db`, '--disable-version-check'],
    ],
    ready: `${url}/livez`,
    install: 'script/bootstrap --tests',
  })
  const get = async (path: string) => (await fetch(`${url}${path}`)).json()
  return {
    smtp,
    /** oldest first */
    mails: async (): Promise<readonly Mail[]> => {
      const { messages } = (await get('/api/v1/messages?limit=200')) as { messages: Mail[] }
      return messages.toReversed()
    },
    message: (id: string) => get(`/api/v1/message/${id}`) as Promise<{ HTML: string; Text: string }>,
    headers: (id: string) =>
      get(`/api/v1/message/${id}/headers`) as Promise<Readonly<Record<string, string[]>>>,
    /** share of mail programs that show all of it as it is meant, percent */
    compatibility: async (id: string) => {
      const { Total } = (await get(`/api/v1/message/${id}/html-check`)) as { Total: { Supported: number } }
      return Total.Supported
    },
    stop,
  }
}

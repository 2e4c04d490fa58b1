import { createServer } from 'node:http'

interface Group {
  readonly group: string
  readonly platforms: readonly string[]
  readonly runtimeVersion: string
  readonly isRollBackToEmbedded: boolean
}

/**
 * Answers devices as servers of the expo-updates protocol do (version 1), from the groups of the stand-in for Expo's command
 * line: https://docs.expo.dev/technical-specs/expo-updates-1/. It is not EAS Update, which tests cannot reach.
 * @param groups newest first
 */
export async function startExpoServer(groups: () => Promise<readonly Group[]>) {
  const asked: Record<string, string | undefined>[] = []
  let stale: readonly Group[] | undefined
  const server = createServer(async (request, response) => {
    const of = (name: string) => {
      const value = request.headers[name]
      return typeof value === 'string' ? value : undefined
    }
    const names = [
      'expo-platform',
      'expo-runtime-version',
      'expo-channel-name',
      'expo-current-update-id',
      'authorization',
    ]
    asked.push(Object.fromEntries(names.map((name) => [name, of(name)])))
    const platform = of('expo-platform') ?? ''
    if (of('expo-protocol-version') !== '1' || !['ios', 'android'].includes(platform))
      return void response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"error":"Unsupported"}')
    if (of('expo-channel-name') !== 'production')
      return void response.writeHead(404).end('{"error":"no channel"}')
    const offered = (stale ?? (await groups())).find(
      (each) => each.runtimeVersion === of('expo-runtime-version') && each.platforms.includes(platform),
    )
    const id = `${platform}-${offered?.group}`
    const send = (name: string, value: object) => {
      const boundary = 'blah-0123'
      const head = `content-disposition: form-data; name="${name}"\r\ncontent-type: application/json; charset=utf-8`
      response
        .writeHead(200, {
          'content-type': `multipart/mixed; boundary=${boundary}`,
          'expo-protocol-version': '1',
        })
        .end(`--${boundary}\r\n${head}\r\n\r\n${JSON.stringify(value)}\r\n--${boundary}--\r\n`)
    }
    if (offered === undefined) return void response.writeHead(204).end()
    if (offered.isRollBackToEmbedded)
      return send('directive', {
        type: 'rollBackToEmbedded',
        parameters: { commitTime: '2026-11-25T00:05:00.000Z' },
      })
    if (of('expo-current-update-id') === id) return send('directive', { type: 'noUpdateAvailable' })
    send('manifest', {
      id,
      createdAt: '2026-11-25T00:05:00.000Z',
      runtimeVersion: offered.runtimeVersion,
      launchAsset: { key: 'a', contentType: 'application/javascript', url: 'http://127.0.0.1:1/a' },
      assets: [],
      metadata: { updateGroup: offered.group, branchName: 'production' },
      extra: {},
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')
  return {
    url: `http://127.0.0.1:${address.port}/updates`,
    asked: asked as readonly Readonly<Record<string, string | undefined>>[],
    /** From now on devices are answered as of now, whatever is published. */
    async freeze() {
      stale = await groups()
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

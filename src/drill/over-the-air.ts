import { stringify } from 'yaml'
import { startLisong } from '../../test/support/codepush/lisong.ts'
import { openCodePush } from '../layers/ota/code-push.ts'
import type { Release } from '../layers/ota/release.ts'
import { formatOffer } from '../layers/ota/verify.ts'

const app = 'Shop-android'
const name = { app, deployment: 'Production' }
/** of the binary that people got from the store */
const binary = '1.0.0'

/** The shop's app on the phones of its customers: a real CodePush server, and what it answers a device. */
export interface OverTheAir {
  /** The section of the settings that is about it, and the variable that it reads the key from. */
  readonly settings: string
  readonly env: Readonly<Record<string, string>>
  readonly release: (content: string) => Promise<Release>
  /** What a device that runs the release (a fresh one without it) is offered: in words, and the package's hash. */
  readonly offerTo: (on?: Release) => Promise<{ readonly words: string; readonly packageHash: string }>
  readonly stop: () => Promise<void>
}

/** Starts the server with an app that has no release yet. */
export async function openOverTheAir(): Promise<OverTheAir> {
  const server = await startLisong()
  const connection = {
    fetch,
    now: Date.now,
    signal: new AbortController().signal,
    url: server.url,
    accessKey: server.accessKey,
  }
  const client = openCodePush(connection, 'lisong')
  await server.createApp(app)
  return {
    settings: stringify({
      ota: {
        'server-url': server.url,
        'access-key': { env: 'CODEPUSH_ACCESS_KEY' },
        channels: [`${app}/Production`],
        'verify-timeout': '10s',
      },
    }),
    env: { CODEPUSH_ACCESS_KEY: server.accessKey },
    async release(content) {
      await server.release(app, { content, binary })
      const [newest] = (await client.read(name)).releases
      if (newest === undefined) throw new Error('the update server took a release and does not show it')
      return newest
    },
    async offerTo(on) {
      const offer = await client.ask(await client.read(name), { binary, on, number: 0 })
      return { words: formatOffer(offer), packageHash: offer.kind === 'update' ? offer.packageHash : '' }
    },
    stop: server.stop,
  }
}

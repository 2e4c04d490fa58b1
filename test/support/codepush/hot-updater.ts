import { readFile } from 'node:fs/promises'
import { freePort } from '../misbehaving-service.ts'
import { openCall } from './lisong.ts'
import { installedServer, run } from './process.ts'

export type HotUpdaterServer = Awaited<ReturnType<typeof startHotUpdater>>

/** Starts the real `@hot-updater/server` on a PostgreSQL in its own process, on a free loopback port. */
export async function startHotUpdater() {
  const folder = installedServer('hot-updater')
  const port = await freePort()
  const accessKey = 'hu-auth-token-0123456789'
  const program = await readFile(new URL('./hot-updater-server.mjs', import.meta.url), 'utf8')
  const server = run(process.execPath, ['--input-type=module', '-'], {
    cwd: folder,
    env: { PORT: String(port), AUTH_TOKEN: accessKey },
    stdin: program,
  })
  const url = `http://127.0.0.1:${port}/hot-updater`
  try {
    await server.untilReady(async () => (await fetch(`${url}/version`)).ok)
  } catch (error) {
    await server.stop()
    throw error
  }
  const call = openCall(url, accessKey)
  let released = 0
  return {
    url,
    accessKey,
    call,
    /** @returns the id of the bundle */
    async release({
      channel = 'production',
      platform = 'ios',
      content,
      binary = '1.0.0',
      rolloutCohortCount,
      enabled = true,
    }: {
      channel?: string
      platform?: 'ios' | 'android'
      content: string
      binary?: string
      rolloutCohortCount?: number
      enabled?: boolean
    }): Promise<string> {
      released += 1
      const id = `0190${String(released).padStart(4, '0')}-0000-7000-8000-000000000000`
      await call('POST', '/api/bundles', {
        id,
        platform,
        channel,
        shouldForceUpdate: false,
        enabled,
        fileHash: `hash-of-${content}`,
        message: content,
        gitCommitHash: null,
        storageUri: `s3://bundles/${id}/bundle.zip`,
        targetAppVersion: binary,
        fingerprintHash: null,
        metadata: {},
        ...(rolloutCohortCount !== undefined && { rolloutCohortCount }),
      })
      return id
    },
    stop: server.stop,
  }
}

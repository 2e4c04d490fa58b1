import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandProject } from '../../../src/layers/ota/command-line.ts'
import { compileCache } from '../compile-cache.ts'
import { installedServer } from './process.ts'

/**
 * A project with the real `hot-updater` command line, whose configuration reaches a server as those of Supabase or Cloudflare reach theirs: by a
 * database plugin, with credentials from the environment.
 */
export async function openHotUpdaterProject(server: {
  readonly url: string
  readonly accessKey: string
}): Promise<CommandProject & { readonly close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hot-updater-project-'))
  await symlink(join(installedServer('hot-updater-cli'), 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }')
  await writeFile(join(folder, 'hot-updater.config.mjs'), config)
  return {
    folder,
    env: {
      // the command line runs by the Node that is first on the path
      PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      ...compileCache,
      UPDATES_URL: server.url,
      UPDATES_TOKEN: server.accessKey,
    },
    signal: new AbortController().signal,
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

const config = `import { createDatabasePlugin } from '@hot-updater/plugin-core'

const { UPDATES_URL, UPDATES_TOKEN } = process.env
const call = async (method, path, body) => {
  const headers = { authorization: 'Bearer ' + UPDATES_TOKEN, 'content-type': 'application/json' }
  const answer = await fetch(UPDATES_URL + '/api/bundles' + path, { method, headers, body: body && JSON.stringify(body) })
  if (!answer.ok) throw new Error('status ' + answer.status)
  return answer.json()
}
const database = createDatabasePlugin({
  name: 'shop',
  factory: () => ({
    getBundleById: (id) => call('GET', '/' + id).catch(() => null),
    getBundles: ({ where = {}, limit }) => {
      const given = Object.entries({ ...where, limit }).filter(([, value]) => value !== undefined)
      return call('GET', '?' + new URLSearchParams(given))
    },
    getChannels: async () => [],
    commitBundle: async ({ changedSets }) => {
      for (const { data } of changedSets) await call('PATCH', '/' + data.id, data)
    },
  }),
})
export default { database: database({}) }
`

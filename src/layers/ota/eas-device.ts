import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { RefusedError } from '../../errors.ts'
import { type EasProject, runEas } from './eas-command.ts'
import { type Connection, parseJson } from './exchange.ts'
import { askAsExpoDevice } from './expo-device.ts'
import type { Channel } from './release.ts'
import type { Device, Offer } from './update-server.ts'

const appSchema = z.object({
  expo: z.object({ updates: z.object({ url: z.url({ protocol: /^https?$/ }) }) }),
})
const viewSchema = z.array(z.object({ id: z.string().min(1), platform: z.string() })).min(1)

/** The address that the app's devices ask, from its app.json; undefined where that does not have it, as with app.config.js. */
export async function readUpdatesUrl(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'app.json'), 'utf8').catch(() => '')
  const app = appSchema.safeParse(parseJson(text))
  return app.success ? app.data.expo.updates.url : undefined
}

/**
 * Asks EAS as the devices of a channel do. The channel that they name is the one with the name of the branch.
 * @param connection its `url` is what devices ask
 */
export function askEas(project: EasProject, connection: Connection) {
  const updates = new Map<string, Promise<z.infer<typeof viewSchema>>>()
  /** A device knows what it runs by the update of its platform, which the list of groups does not have. */
  const findUpdate = async (group: string, platform: string): Promise<string | undefined> => {
    const found = updates.get(group) ?? viewGroup(project, group)
    updates.set(group, found)
    return (await found).find((each) => each.platform === platform)?.id
  }
  return async ({ name, releases }: Channel, device: Device): Promise<Offer> => {
    const platform = device.platform === 'android' ? 'android' : 'ios'
    const answer = await askAsExpoDevice(connection, {
      platform,
      runtimeVersion: device.binary,
      channel: name.deployment,
      updateId: device.on && (await findUpdate(device.on.label, platform)),
      clientId: deviceIdOf(device.number),
    })
    if (answer.kind !== 'update') return answer
    const found = releases.find(({ label }) => label === answer.group)
    return {
      kind: 'update',
      label: answer.group ?? answer.id,
      packageHash: found?.packageHash ?? answer.group ?? answer.id,
      isMandatory: false,
    }
  }
}

async function viewGroup(project: EasProject, group: string): Promise<z.infer<typeof viewSchema>> {
  const parsed = viewSchema.safeParse(await runEas(project, ['update:view', group]))
  if (parsed.success) return parsed.data
  throw new RefusedError(
    'eas update:view printed unexpected output; use eas-cli 24.8 or a compatible version',
  )
}

/** A UUID of version 8, the same for the same number. */
export function deviceIdOf(number: number): string {
  const hex = createHash('sha256').update(`rollback-check-${number}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

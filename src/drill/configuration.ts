import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** What the machine's configuration says, by file. */
export type Configuration = Readonly<Record<string, string>>

const file = 'shop.json'
const flagFile = 'flags.json'

const shop = (currency: string) =>
  `{\n  "currency": "${currency}",\n  "payments": { "token": "pay-live-4711" }\n}\n`
const flags = (state: string) => `{
  "flags": {
    "recommendations": {
      "state": "${state}",
      "variants": { "on": true, "off": false },
      "defaultVariant": "on"
    }
  }
}
`

export const goodConfiguration: Configuration = { [file]: shop('EUR'), [flagFile]: flags('DISABLED') }

/** Somebody changes the currency beside the deployment and, where flags are rehearsed, switches a feature on. */
export function badConfiguration(withFlags: boolean): Configuration {
  return { ...goodConfiguration, [file]: shop('XXX'), ...(withFlags && { [flagFile]: flags('ENABLED') }) }
}

/** Writes the files. */
export async function configure(folder: string, configuration: Configuration): Promise<void> {
  for (const [name, text] of Object.entries(configuration)) await writeFile(join(folder, name), text)
}

/** The files that are byte for byte as in a configuration. */
export async function isConfigured(folder: string, configuration: Configuration): Promise<boolean> {
  const texts = await Promise.all(
    Object.entries(configuration).map(
      async ([name, text]) => (await readFile(join(folder, name), 'utf8')) === text,
    ),
  )
  return texts.every(Boolean)
}

/** The sections of the settings that are about it. @param storage folder of the backups */
export function configurationSettings(folder: string, storage: string, withFlags: boolean): string {
  return stringify({
    config: { files: [file], folder, storage },
    ...(withFlags && { flags: { service: 'flagd', file: flagFile, folder, disable: ['recommendations'] } }),
  })
}

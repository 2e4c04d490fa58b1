import { InputError, message, setting } from '../../errors.ts'
import type { RollbackRequest } from './plan.ts'
import type { ChannelName } from './release.ts'

/**
 * Reads the address of a server's API.
 * @returns it without a slash at its end
 * @throws InputError for what is no address, or one that carries a secret
 */
export function readServerUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InputError(
      message`${setting('ota.server-url')} is not an address; write it in full, as in https://codepush.example.com`,
    )
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new InputError(
      message`${setting('ota.server-url')} holds more than an address; leave out user, password, query and fragment: the key goes into ${setting('ota.access-key')}`,
    )
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** False when what is sent to the address can be read on the way: the loopback has none. */
export function isEncrypted(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}

interface Choices {
  readonly channels: readonly string[]
  /** one for each channel, one for all, or none; the same for those below */
  readonly targets: readonly string[]
  readonly fromLabels: readonly string[]
  readonly appVersions: readonly string[]
  readonly knownBad: readonly string[]
  readonly mode: RollbackRequest['mode']
  readonly incident: string
}

/** Reads what is asked for each channel. @throws InputError that names the input */
export function readRequests(choices: Choices): readonly RollbackRequest[] {
  const { channels, targets, fromLabels, appVersions, knownBad, mode, incident } = choices
  const twice = channels.find((each, index) => channels.indexOf(each) !== index)
  if (twice !== undefined)
    throw new InputError(message`${setting('ota.channels')} names ${twice} twice; name it once`)
  if (mode === 'stop' && targets.length > 0)
    throw new InputError(
      message`${setting('target')} is set, and mode stop puts nothing in place; leave one of them out`,
    )
  const pick = {
    target: forEach('target', targets, channels),
    from: forEach('from-label', fromLabels, channels),
    binary: forEach('app-version', appVersions, channels),
  }
  return channels.map((channel, index) => {
    const [target, from] = [pick.target(index), pick.from(index)]
    if (target !== undefined && target === from)
      throw new InputError(
        message`${setting('target')} and ${setting('from-label')} are both ${target}; write in ${setting('target')} what to go back to`,
      )
    if (target !== undefined && knownBad.includes(target))
      throw new InputError(
        message`${setting('target')} is ${target}, which ${setting('known-bad')} names too; leave it out of one of them`,
      )
    return { name: readChannel(channel), mode, target, from, binary: pick.binary(index), knownBad, incident }
  })
}

/** An app's name may hold a slash, as in `owner/app`; a deployment's does not. @throws InputError */
export function readChannel(text: string): ChannelName {
  const [, app, deployment] = /^(.+)\/([^/]+)$/.exec(text) ?? []
  if (app !== undefined && deployment !== undefined) return { app, deployment }
  throw new InputError(
    message`${setting('ota.channels')} has "${text}"; write app/deployment, as in Shop-ios/Production`,
  )
}

function forEach(
  input: string,
  values: readonly string[],
  channels: readonly string[],
): (index: number) => string | undefined {
  if (values.length > 1 && values.length !== channels.length)
    throw new InputError(
      message`${setting(input)} has ${values.length} values for ${channels.length} channels; write one for each, in their order, or one for all`,
    )
  return (index) => (values.length > 1 ? values[index] : values[0])
}

/** The imitation of Microsoft's server answers what the real one answered, request by request. */
import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { startMicrosoft } from '../../support/codepush/microsoft.ts'

const released = z.object({
  package: z.object({
    appVersion: z.string(),
    packageHash: z.string(),
    description: z.string().optional(),
    isMandatory: z.boolean().optional(),
    rollout: z.number().nullish(),
    releaseMethod: z.string(),
    originalLabel: z.string().optional(),
    isDisabled: z.boolean().optional(),
  }),
})
const historySchema = z.object({
  history: z.array(
    z.object({
      label: z.string(),
      appVersion: z.string(),
      packageHash: z.string(),
      releaseMethod: z.string(),
      originalLabel: z.string().optional(),
      isDisabled: z.boolean().optional(),
      rollout: z.number().nullish(),
    }),
  ),
})
const offerSchema = z.object({
  update_info: z.object({
    is_available: z.boolean(),
    is_mandatory: z.boolean(),
    label: z.string(),
    package_hash: z.string(),
    should_run_binary_version: z.boolean(),
  }),
})
const keysSchema = z.object({ deployments: z.array(z.object({ name: z.string(), key: z.string() })) })

/** The imitation names a package after its content: here that is the hash the real server had. */
const hashOf = (text: string) => text.replace('hash-of-', '').slice(0, 6)

test('each request and each device of the transcript is answered as the real server did', async () => {
  const file = new URL('../../support/codepush/microsoft-transcript.txt', import.meta.url)
  const lines = (await readFile(file, 'utf8')).split('\n')
  const server = await startMicrosoft()
  const apps = new Set<string>()
  let app = ''
  let [requests, devices, histories] = [0, 0, 0]
  const send = (method: string, path: string, body?: string) =>
    fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${server.accessKey}` },
      ...(body !== undefined && { body }),
    })
  try {
    for (const [index, line] of lines.entries()) {
      const at = `${index + 1}: ${line}`
      const request =
        /^(POST|PATCH) (\/apps\/([^/ ]+)\/deployments\/([^/ ]+)\/(release|rollback|promote)\S*)(?: (.*))?$/.exec(
          line,
        )
      if (request !== null) {
        const [, method = '', path = '', name = '', deployment = '', what = '', body] = request
        const [, status, answered = ''] = /^ {2}-> (\d+) ?(.*)$/.exec(lines[index + 1] ?? '') ?? []
        // each deployment is an app of its own here
        app = `${name}-${deployment}`
        if (!apps.has(app)) server.createApp(app)
        apps.add(app)
        if (method === 'POST' && what === 'release') {
          // a bundle is uploaded, which the imitation does not take
          if (status !== '201') continue
          const {
            appVersion,
            packageHash,
            releaseMethod: _,
            ...rest
          } = released.parse(JSON.parse(answered)).package
          const { description, isMandatory, rollout } = rest
          server.release(app, {
            content: packageHash,
            binary: appVersion,
            ...(description !== undefined && { description }),
            ...(isMandatory !== undefined && { isMandatory }),
            ...(typeof rollout === 'number' && { rollout }),
          })
          continue
        }
        requests += 1
        const own = path.replace(
          `/apps/${name}/deployments/${deployment}/`,
          `/apps/${app}/deployments/Production/`,
        )
        const answer = await send(method, own, body)
        const text = await answer.text()
        expect({ at, status: answer.status }).toEqual({ at, status: Number(status) })
        if (status === '200' || status === '201') {
          const [theirs, ours] = [answered, text].map((each) => released.parse(JSON.parse(each)).package)
          expect({ at, ...shown(ours) }).toEqual({ at, ...shown(theirs) })
        } else if (status !== '204') expect({ at, text }).toEqual({ at, text: answered })
      }
      const history = /^ {2}HISTORY 200 (.+)$/.exec(line)
      if (history !== null && app !== '') {
        histories += 1
        const answer = await send('GET', `/apps/${app}/deployments/Production/history`)
        const ours = historySchema
          .parse(await answer.json())
          .history.map(
            (each) =>
              `${each.label}/${each.appVersion}/${each.releaseMethod}${each.originalLabel === undefined ? '' : `<${each.originalLabel}`}/${hashOf(each.packageHash)}/${each.isDisabled === true}/${each.rollout ?? 100}`,
          )
        const theirs = (history[1] ?? '').split(/\s+/).map((each) =>
          each
            .replace('dis=undefined', 'false')
            .replace('dis=true', 'true')
            .replace(/roll=(undefined|null)/, '100')
            .replace('roll=', ''),
        )
        expect({ at, history: ours }).toEqual({ at, history: theirs })
      }
      const device = /^ {2}DEVICE [^{]*(\{.*\}) -> (\d+) (.*)$/.exec(line)
      if (device !== null && app !== '') {
        devices += 1
        const [, asked = '{}', status, theirs = ''] = device
        const listed = keysSchema.parse(await (await send('GET', `/apps/${app}/deployments`)).json())
        const key = listed.deployments.find(({ name }) => name === 'Production')?.key ?? ''
        const query = new URLSearchParams({
          deployment_key: key,
          ...z.record(z.string(), z.string()).parse(JSON.parse(asked)),
        })
        // the same package has another name here
        const hash = query.get('package_hash')
        if (hash !== null) query.set('package_hash', `hash-of-${hash}`)
        const answer = await send('GET', `/v0.1/public/codepush/update_check?${query}`)
        expect({ at, status: answer.status }).toEqual({ at, status: Number(status) })
        if (answer.status !== 200) continue
        const info = offerSchema.parse(await answer.json()).update_info
        const ours = `avail=${info.is_available} label=${info.label} hash=${hashOf(info.package_hash)} mand=${info.is_mandatory} dis=undefined runBinary=${info.should_run_binary_version}`
        expect({ at, ours }).toEqual({ at, ours: theirs.replace('mand=undefined', 'mand=false').trim() })
      }
    }
  } finally {
    await server.stop()
  }
  expect({ requests, devices, histories }).toEqual({ requests: 28, devices: 28, histories: 17 })
})

function shown(each: z.infer<typeof released>['package'] | undefined) {
  const { appVersion, packageHash = '', releaseMethod, originalLabel, isDisabled = false } = each ?? {}
  return { appVersion, hash: hashOf(packageHash), releaseMethod, originalLabel, isDisabled }
}

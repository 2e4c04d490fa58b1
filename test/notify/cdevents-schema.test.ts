import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { writeCDEvent } from '../../src/notify/channels/cdevents.ts'
import { applied, at, began, ended, recovered, unhealthy } from '../incident/example.ts'
import { hostile, noticesOf } from './example.ts'

const folder = new URL('cdevents-schemas/', import.meta.url)
const read = (path: string) => JSON.parse(readFileSync(new URL(path, folder), 'utf8'))
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
for (const file of readdirSync(new URL('links/', folder))) ajv.addSchema(read(`links/${file}`))
/** By what the specification calls the event. */
const schemas = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const schema = read(file)
      return [schema.properties.context.properties.type.enum[0] as string, ajv.compile(schema)] as const
    }),
)
const problemsOf = (event: { readonly context: { readonly type: string } }) => {
  const validate = schemas.get(event.context.type)
  if (validate === undefined) return [`CDEvents 0.5.1 has no ${event.context.type}`]
  return validate(JSON.parse(JSON.stringify(event))) ? [] : validate.errors
}

const deployed = {
  kind: 'revision-deployed',
  deployed: 'd'.repeat(40),
  workflow: 'deploy.yml',
  url: 'https://x.example/1',
} as const
const stories = [
  [
    at(0, unhealthy('critical')),
    at(1, began),
    at(2, applied),
    at(3, deployed),
    at(4, ended()),
    at(5, recovered),
  ],
  [
    at(0, { ...began, automatic: false } as never),
    at(2, { ...applied, layer: 'database', now: '1_a' } as never),
  ],
  [at(0, { ...unhealthy(), because: hostile } as never)],
]

test('every CDEvent that is sent is valid by the specification’s own schema', () => {
  const events = stories.flatMap((story) => noticesOf(story).flatMap((notice) => writeCDEvent(notice) ?? []))
  expect(events.map(problemsOf)).toEqual(events.map(() => []))
  expect(new Set(events.map(({ context }) => context.type))).toEqual(new Set(schemas.keys()))
})

test('the schema refuses what is not one: this test can fail', () => {
  const [event] = stories
    .slice(0, 1)
    .flatMap((story) => noticesOf(story).flatMap((notice) => writeCDEvent(notice) ?? []))
  if (event === undefined) throw new Error('there is no event')
  for (const wrong of [
    { ...event, context: { ...event.context, id: '' } },
    { ...event, subject: { ...event.subject, content: {} } },
    { ...event, subject: { ...event.subject, content: { ...event.subject.content, ours: 1 } } },
  ])
    expect(problemsOf(wrong)).not.toEqual([])
})

test.each([
  ['code', 'd'.repeat(40), `pkg:github/octo-org/shop@${'d'.repeat(40)}`],
  ['database', '1_products', 'pkg:generic/octo-org/shop/database@1_products'],
  ['config', 'app v1/@2?x', 'pkg:generic/octo-org/shop/config@app%20v1%2F%402%3Fx'],
  ['flags', '', 'pkg:generic/octo-org/shop/flags'],
])(
  'a rollback of the layer %s names what is there now, never the failed revision',
  (layer, now, artifactId) => {
    const story = [at(0, unhealthy()), at(1, began), at(2, { ...applied, layer, now } as never)]
    const [event] = noticesOf(story)
      .flatMap((notice) => writeCDEvent(notice) ?? [])
      .slice(-1)
    expect(event).toMatchObject({
      context: { type: 'dev.cdevents.service.rolledback.0.3.0' },
      subject: { content: { artifactId } },
    })
    expect(problemsOf(event as never)).toEqual([])
  },
)

/** What users paste from the documents is what the actions take. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { composites } from '../src/actions/composites.ts'
import { actions } from '../src/actions/table.ts'
import { publishedName, publishedTag } from '../src/published.ts'
import { readComposite } from '../src/runner/composite.ts'
import { placesOf } from '../src/runner/manifest.ts'
import { parseConfig } from './support/parse-config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const documents = [
  'README.md',
  'docs/environments.md',
  'docs/notifications.md',
  ...readdirSync(`${root}/actions`).map((name) => `actions/${name}/README.md`),
]

const blocks = documents.flatMap((path) => {
  const text = readFileSync(`${root}/${path}`, 'utf8')
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = ''], index) => ({
    where: `${path}, YAML block ${index + 1}`,
    block,
  }))
})
const steps = blocks.filter(({ block }) => /^\s*- .*\n?.*uses:/m.test(block))
const configs = blocks.filter(({ block }) => /^(environment|health|postmortem):/m.test(block))

interface Used {
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}

/** The steps of a list of steps, or of all jobs of a whole workflow, and the workflows that its jobs call. */
function stepsOf(
  pasted:
    | readonly Used[]
    | { readonly jobs?: Readonly<Record<string, Used & { readonly steps?: readonly Used[] }>> },
): readonly Used[] {
  if (!('jobs' in pasted)) return Array.isArray(pasted) ? pasted : []
  return Object.values(pasted.jobs ?? {}).flatMap((job) => [job, ...(job.steps ?? [])])
}

/** Where the action or workflow that `uses:` names is in this repository. */
function manifestOf(uses: string): string {
  const below = uses.slice(publishedName.length, uses.length - publishedTag.length - 1)
  if (below.endsWith('.yml')) return `${root}${below}`
  return `${root}${below === '' ? '' : `${below.slice(1)}/`}action.yml`.replace('//', '/')
}

describe('the steps that a user pastes', () => {
  test('are there, and so are the settings', () => {
    expect(steps.length).toBeGreaterThan(2)
    expect(configs.length).toBeGreaterThan(0)
  })

  test.each(steps.map(({ where, block }) => [where, block]))('%s: name inputs that exist', (_, block) => {
    for (const { uses, with: inputs = {} } of stepsOf(parse(block))) {
      if (
        uses === undefined ||
        (!uses.startsWith(`${publishedName}/`) && !uses.startsWith(`${publishedName}@`))
      )
        continue
      const path = manifestOf(uses)
      expect({ uses, known: existsSync(path) }).toEqual({ uses, known: true })
      const manifest = parse(readFileSync(path, 'utf8'))
      const known = Object.keys(manifest.inputs ?? manifest.on?.workflow_call?.inputs ?? {})
      expect(Object.keys(inputs).filter((name) => !known.includes(name))).toEqual([])
      const action = actions.find(({ name }) => path === `${root}${placesOf(name).manifest}`)
      for (const [name, value] of Object.entries(inputs)) {
        const text = String(value)
        if (!text.includes('${{')) expect(() => action?.inputs[name]?.parse(text)).not.toThrow()
      }
    }
  })

  test.each(steps.map(({ where, block }) => [where, block]))('%s: read outputs that exist', (_, block) => {
    const ofComposites = composites.map(({ name }) =>
      readComposite(readFileSync(`${root}/${placesOf(name).manifest}`, 'utf8')),
    )
    const known = new Set([...actions, ...ofComposites].flatMap(({ outputs }) => Object.keys(outputs)))
    for (const [, output = ''] of block.matchAll(/steps\.\w+\.outputs\.([\w-]+)/g))
      expect(known).toContain(output)
  })
})

test.each(configs.map(({ where, block }) => [where, block]))(
  '%s: settings that are taken',
  (where, block) => {
    expect(() => parseConfig({ text: block, file: where })).not.toThrow()
  },
)

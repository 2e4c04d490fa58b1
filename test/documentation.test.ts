/** What users paste from the documents is what the actions take. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { actions } from '../src/actions/table.ts'
import { parseConfig } from '../src/config/parse.ts'
import { publishedName, publishedTag } from '../src/published.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const documents = ['README.md', ...readdirSync(`${root}/actions`).map((name) => `actions/${name}/README.md`)]

const blocks = documents.flatMap((path) => {
  const text = readFileSync(`${root}/${path}`, 'utf8')
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = ''], index) => ({
    where: `${path}, YAML block ${index + 1}`,
    block,
  }))
})
const steps = blocks.filter(({ block }) => /^\s*- .*\n?.*uses:/m.test(block))
const configs = blocks.filter(({ block }) => /^(environment|health|postmortem):/m.test(block))

describe('the steps that a user pastes', () => {
  test('are there, and so are the settings', () => {
    expect(steps.length).toBeGreaterThan(2)
    expect(configs.length).toBeGreaterThan(0)
  })

  test.each(steps.map(({ where, block }) => [where, block]))('%s: name inputs that exist', (_, block) => {
    const used: readonly { uses?: string; with?: Record<string, unknown> }[] = parse(block)
    for (const { uses, with: inputs = {} } of used) {
      const action = actions.find(({ name }) => uses === `${publishedName}/actions/${name}@${publishedTag}`)
      expect({ uses, known: action !== undefined }).toEqual({ uses, known: true })
      const unknown = Object.keys(inputs).filter((name) => action?.inputs[name] === undefined)
      expect(unknown).toEqual([])
      for (const [name, value] of Object.entries(inputs)) {
        const text = String(value)
        if (!text.includes('${{')) expect(() => action?.inputs[name]?.parse(text)).not.toThrow()
      }
    }
  })

  test.each(steps.map(({ where, block }) => [where, block]))('%s: read outputs that exist', (_, block) => {
    const known = new Set(actions.flatMap(({ outputs }) => Object.keys(outputs)))
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

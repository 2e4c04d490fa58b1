import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { generatedFiles } from '../../script/generated-files.ts'
import { actions } from '../../src/actions/table.ts'
import { fillReadme, placesOf, writeManifest } from '../../src/runner/manifest.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test.each(generatedFiles(root).map(({ path, text }) => [path, text]))(
  '%s is what the source generates',
  (path, text) => {
    expect(readFileSync(`${root}/${path}`, 'utf8')).toBe(text)
  },
)

describe.each(actions.map((action) => [action.name, action] as const))(
  'the manifest of %s',
  (name, action) => {
    const manifest = parse(writeManifest(action))

    test('points at a bundle that is there, for the Node that the actions run on', () => {
      expect(manifest.runs.using).toBe('node24')
      expect(existsSync(`${root}/${dirname(placesOf(name).manifest)}/${manifest.runs.main}`)).toBe(true)
    })

    test('has the inputs and outputs of the contract, with their defaults', () => {
      expect(Object.keys(manifest.inputs)).toEqual(Object.keys(action.inputs))
      expect(Object.keys(manifest.outputs)).toEqual(Object.keys(action.outputs))
      for (const [key, { default: fallback }] of Object.entries(action.inputs))
        expect(manifest.inputs[key].default ?? '').toBe(fallback)
    })

    test('every default is one that its own input accepts', () => {
      // one that has to be given may have none
      for (const { default: fallback, required, parse: parseInput } of Object.values(action.inputs))
        if (!(required && fallback === '')) expect(() => parseInput(fallback)).not.toThrow()
    })
  },
)

test('a README without the marker of a generated part is an error', () => {
  expect(() => fillReadme('# x\n', { inputs: '' })).toThrow('<!-- inputs -->')
})

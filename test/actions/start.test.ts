/** What an action loads when it starts, and how little stands in its entry point. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { actions } from '../../src/actions/table.ts'
import { loadedBy } from '../support/import-graph.ts'

/** Their way through the pipeline is still to come; an action that is through is taken out of the list. */
const leftToConvert = { start: ['git-rollback'], length: ['db-restore', 'git-rollback'] }
const names = actions.map(({ name }) => name).filter((name) => !leftToConvert.start.includes(name))

/** The rooms that are loaded before the inputs are read. */
const light = [
  /^src\/runner\//,
  /^src\/(?:errors|published)\.ts$/,
  /^src\/text\//,
  /^src\/actions\/[\w-]+\/(?:index|contract)\.ts$/,
  /^src\/actions\/(?:contract-parts|database-inputs|guard-inputs)\.ts$/,
  // lists of words that inputs and settings choose among
  /-choices\.ts$/,
  /^src\/layers\/ota\/update-server\.ts$/,
]

describe.each(names)('%s', (name) => {
  const start = loadedBy(`src/actions/${name}/index.ts`)

  test('reads its inputs with nothing loaded but the contract and the runner', () => {
    expect([...start.files.keys()].filter((file) => !light.some((pattern) => pattern.test(file)))).toEqual([])
    expect([...start.packages.keys()].filter((each) => each !== 'ms')).toEqual([])
  })

  test('loads a database driver, encryption and a tool for it on need only', () => {
    const { packages } = loadedBy(`src/actions/${name}/action.ts`)
    const onNeed = ['pg', 'mysql2', 'age-encryption', 'smol-toml', 'jsonc-parser', '@actions/core', 'undici']
    expect(onNeed.filter((each) => packages.has(each))).toEqual([])
  })

  test('has an action.ts of less than 60 lines: inputs, one call, outputs', () => {
    const lines = readFileSync(`src/actions/${name}/action.ts`, 'utf8').split('\n').length - 1
    if (!leftToConvert.length.includes(name)) expect(lines).toBeLessThan(60)
  })
})

test('the graph that these tests go by has what a rollback takes, however far down', () => {
  const { files, packages } = loadedBy('src/actions/rollback/action.ts')
  expect([...files.keys()]).toEqual(expect.arrayContaining(['src/rollback/run.ts', 'src/github/client.ts']))
  expect([...packages.keys()]).toEqual(expect.arrayContaining(['zod', '@octokit/core', 'yaml']))
})

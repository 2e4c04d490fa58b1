/** What an action loads when it starts. */
import { describe, expect, test } from '@jest/globals'
import { actions } from '../../src/actions/table.ts'
import { loadedBy } from '../support/import-graph.ts'

const names = actions.map(({ name }) => name)

/** The rooms that are loaded before the inputs are read. */
const light = [
  /^src\/runner\//,
  /^src\/(?:errors|published)\.ts$/,
  /^src\/text\//,
  /^src\/actions\/[\w-]+\/(?:index|contract)\.ts$/,
  /^src\/actions\/(?:contract-parts|database-inputs|guard-inputs|plan-inputs)\.ts$/,
]

test('the entry that all actions share loads nothing before it knows which one it starts', () => {
  const { files, packages } = loadedBy('src/actions/main.ts')
  expect([...files.keys(), ...packages.keys()]).toEqual(['src/actions/main.ts'])
})

describe.each(names)('%s', (name) => {
  const start = loadedBy(`src/actions/${name}/index.ts`)

  test('reads its inputs with nothing loaded but the contract and the runner', () => {
    const others = [...start.files.keys()].filter((file) => !light.some((pattern) => pattern.test(file)))
    // words that inputs and settings choose among are in files that import nothing
    expect(others.filter((file) => loadedBy(file).files.size > 1)).toEqual([])
    expect([...start.packages.keys()].filter((each) => each !== 'ms')).toEqual([])
  })

  test('loads a database driver, encryption and a tool for it on need only', () => {
    const { packages } = loadedBy(`src/actions/${name}/action.ts`)
    const drivers = ['pg', 'mysql2', 'age-encryption', '@openfeature/flagd-core', '@actions/core', 'undici']
    const onNeed = [...drivers, 'smol-toml', 'jsonc-parser']
    const own = name === 'config-rollback' ? ['smol-toml', 'jsonc-parser'] : []
    expect(onNeed.filter((each) => packages.has(each))).toEqual(own)
  })
})

// health-gate watches what its inputs describe in YAML, and config-rollback edits it
const readYaml = ['health-gate', 'config-rollback']
test.each(names.filter((name) => !readYaml.includes(name)))(
  '%s loads a YAML parser, and what draws its errors, where there is YAML to read',
  (name) => {
    const { packages } = loadedBy(`src/actions/${name}/action.ts`)
    expect(['yaml', '@babel/code-frame'].filter((each) => packages.has(each))).toEqual([])
  },
)

test('the graph that these tests go by has what a rollback takes, however far down', () => {
  const { files, packages } = loadedBy('src/actions/rollback/action.ts')
  expect([...files.keys()]).toEqual(expect.arrayContaining(['src/rollback/run.ts', 'src/github/client.ts']))
  expect([...packages.keys()]).toEqual(expect.arrayContaining(['zod', '@octokit/core', 'p-retry']))
})

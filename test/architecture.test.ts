import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from '@jest/globals'
import {
  climbs,
  cruise,
  drawRooms,
  filesBetween,
  type Import,
  roomOf,
  usesOf,
  type Violation,
} from '../script/import-graph.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** As dependency-cruiser finds them, once for all tests. */
const { imports, violations } = cruise(root, ['src'])

test('an entry point is inputs, one call and outputs: under 60 lines', () => {
  const counted = readdirSync(join(root, 'src/actions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({
      name,
      lines: readFileSync(join(root, 'src/actions', name, 'action.ts'), 'utf8')
        .trimEnd()
        .split('\n').length,
    }))
  expect(counted.length).toBeGreaterThanOrEqual(9)
  expect(counted.filter(({ lines }) => lines >= 60).map(({ name }) => name)).toEqual([])
})

describe('a plan goes down from the action to the layer and back once', () => {
  const ways = [
    ['rollback', 'src/layers/code/apply.ts'],
    ['rollback', 'src/layers/ota/apply.ts'],
    ['rollback', 'src/layers/database/restore.ts'],
    ['git-rollback', 'src/layers/code/apply.ts'],
    ['db-restore', 'src/layers/database/restore.ts'],
    ['codepush-rollback', 'src/layers/ota/apply.ts'],
  ] as const

  test.each(ways)('from the action %s to %s: no import on the way leads up again', (action, end) => {
    const between = filesBetween(imports, `src/actions/${action}/action.ts`, end)
    // it is put together in the room of rollbacks, and not past it
    expect(new Set([...between].map(roomOf))).toEqual(new Set(['actions', 'rollback', roomOf(end)]))
    expect(climbs(imports, between)).toEqual([])
  })

  test('one that leads up is found', () => {
    const [action, end] = ['src/actions/rollback/action.ts', 'src/layers/code/apply.ts']
    const up: Import = { from: 'src/layers/code/layer.ts', to: 'src/rollback/open-layers.ts' }
    const broken = [...imports, up]
    expect(climbs(broken, filesBetween(broken, action, end))).toEqual([up])
  })

  test('every rollback is carried out by the same run', () => {
    const run = 'src/rollback/run.ts'
    const users = imports.filter(({ to }) => to === 'src/rollback/carry-out.ts').map(({ from }) => from)
    expect(users.filter((from) => from.startsWith('src/actions/'))).toEqual([])
    const rollsBack = /^(?:rollback|(?:git|db|codepush|config)-(?:rollback|restore))$/
    const actions = readdirSync(join(root, 'src/actions')).filter((name) => rollsBack.test(name))
    expect(actions).toHaveLength(5)
    for (const action of actions)
      expect(filesBetween(imports, `src/actions/${action}/action.ts`, run)).toContain(run)
  })

  test('the picture shows a room that is used, leaves out an arrow that follows from others, and is the same each time', () => {
    const some: readonly Import[] = [
      { from: 'src/actions/a/action.ts', to: 'src/rollback/run.ts' },
      { from: 'src/rollback/run.ts', to: 'src/layers/code/layer.ts' },
      { from: 'src/actions/a/action.ts', to: 'src/layers/code/layer.ts' },
      { from: 'src/rollback/run.ts', to: 'src/text/size.ts' },
    ]
    const lines = drawRooms(some)
      .split('\n')
      .filter((line) => line.includes('-->'))
    expect(lines).toEqual([
      '  actions["actions"] --> rollback["rollback"]',
      '  rollback["rollback"] --> layers-code["layers/code"]',
    ])
    expect(drawRooms([...some].reverse())).toBe(drawRooms(some))
  })

  test('in the picture in docs/architecture.md, an arrow leads to every room that another one uses', () => {
    const chart = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
    const arrows = [...chart.matchAll(/\["([^"]+)"\] --> .*\["([^"]+)"\]/g)]
    const reach = (room: string): ReadonlySet<string> => {
      const seen = new Set([room])
      for (const each of seen) for (const [, from, to = ''] of arrows) if (from === each) seen.add(to)
      return seen
    }
    for (const [room, used] of usesOf(imports)) {
      const shown = reach(room)
      expect({ room, missing: [...used].filter((each) => !shown.has(each)) }).toEqual({ room, missing: [] })
    }
    // and never back: no two rooms use each other
    for (const [, from = '', to = ''] of arrows) expect([...reach(to)]).not.toContain(from)
  })
})

test('docs/architecture.md says of each room what it holds, and what it may use', () => {
  const rows = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
    .split('\n')
    .map((line) => /^\| `src\/([\w/]+)\/` \| .+ \| (.*)\|$/.exec(line))
    .flatMap((row) => (row === null ? [] : [[row[1] ?? '', row[2] ?? ''] as const]))
  const said = new Map(rows)
  for (const [room, used] of usesOf(imports)) {
    const words = said.get(room)
    expect({ room, words }).not.toEqual({ room, words: undefined })
    // rooms that stand above all say so
    if (words === undefined || words.includes('everything')) continue
    const named = words.includes('all layers')
      ? [...used].filter((each) => !each.startsWith('layers'))
      : [...used]
    const missing = named.filter((each) => each !== 'layers' && !words.includes(`\`${each}`))
    expect({ room, missing }).toEqual({ room, missing: [] })
  }
})

/** The rows of the table in CONTRIBUTING, each with the files that it names. */
const changes = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| (?:an?|the) /.test(line))
  .map((line) => {
    const [, change = ''] = /^\| (.*?) \|/.exec(line) ?? []
    const paths = [...line.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path = '']) => path)
    return { change, paths }
  })

test('CONTRIBUTING describes the changes that are made most', () => {
  expect(changes.length).toBeGreaterThanOrEqual(10)
})

test.each(changes)(
  'CONTRIBUTING on $change names files that are there, in two rooms at most',
  ({ paths }) => {
    expect(paths).not.toEqual([])
    // of `checks/<type>/check.ts`, there is one for some type
    const missing = paths.filter((path) => globSync(path.replace(/<\w+>/, '*'), { cwd: root }).length === 0)
    expect(missing).toEqual([])
    const rooms = new Set(paths.filter((path) => path.startsWith('src/')).map(roomOf))
    expect([...rooms].length).toBeLessThanOrEqual(2)
  },
)

test('no rule between folders is broken', () => {
  // nothing is broken where nothing was looked at
  expect(imports.length).toBeGreaterThan(1_000)
  expect(violations).toEqual([])
})

describe('a rule that is broken is found', () => {
  const trials = [
    ['layers/code', '../../runner/log.ts', 'runner-is-for-actions'],
    ['health', '../github/client.ts', 'health-stands-on-settings'],
    ['views/postmortem', '../../layers/code/restore.ts', 'postmortem-is-a-view'],
    ['views/report', '../../layers/code/restore.ts', 'report-is-a-view'],
    ['github', '../history/event.ts', 'github-knows-nothing'],
    ['history', '../actions/table.ts', 'nothing-imports-actions'],
    ['views/report', '../../history/events/health.ts', 'events-have-one-door'],
    ['layers/code', '@octokit/rest', 'octokit-only-in-github'],
    ['health', '@actions/core', 'toolkit-only-in-runner'],
    ['settings', '../../test/support/repository.ts', 'source-does-not-import-tests'],
  ] as const
  const files = trials.map(([folder], index) => `src/${folder}/trial/${index}.ts`)
  let found: readonly Violation[] = []
  beforeAll(() => {
    // in a copy, as other tests read the sources meanwhile; below the repository, where its packages are found
    mkdirSync(join(root, '.cache'), { recursive: true })
    const copy = mkdtempSync(join(root, '.cache', 'trial-'))
    try {
      for (const path of ['src', 'test/support', '.dependency-cruiser.js', 'tsconfig.json', 'package.json'])
        cpSync(join(root, path), join(copy, path), { recursive: true })
      symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
      for (const [index, [folder, imported]] of trials.entries()) {
        mkdirSync(join(copy, 'src', folder, 'trial'), { recursive: true })
        const path = imported.startsWith('.') ? `../${imported}` : imported
        writeFileSync(
          join(copy, files[index] ?? ''),
          `import * as broken from '${path}'\nexport { broken }\n`,
        )
      }
      found = cruise(copy, files).violations
    } finally {
      rmSync(copy, { recursive: true })
    }
  })

  test.each(trials.map((trial, index) => [...trial, files[index] ?? ''] as const))(
    'when a file of src/%s imports %s: "%s"',
    (_, __, rule, from) => expect(found).toContainEqual({ from, rule }),
  )
})

/** Inputs that do not go together are an error of every action, before any request. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { actions } from '../../src/actions/table.ts'
import { InputError } from '../../src/errors.ts'
import type { ActionContract } from '../../src/runner/contract.ts'
import { checkRules, type InputRule } from '../../src/runner/input-rules.ts'
import { readInputs, variableOf } from '../../src/runner/inputs.ts'
import { writeManifest } from '../../src/runner/manifest.ts'
import { entryOf } from '../support/entry.ts'

const withRules = actions.filter(({ rules = [] }) => rules.length > 0)
const cases = withRules.flatMap((action) =>
  violationsOf(action).map(({ inputs, names }) => ({ action, inputs, names, name: action.name })),
)

test.each(cases)('$name refuses $inputs', ({ action, inputs, names }) => {
  expect(() => read(action, inputs)).toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringMatching(mentions(names)) }),
  )
})

test.each(actions)('$name takes every input with its default, as the runner hands them over', (action) => {
  const defaults = Object.entries(action.inputs).flatMap(([name, each]) =>
    each.default ? [[name, each.default]] : [],
  )
  const given = Object.fromEntries(defaults)
  expect(() => read(action, given)).not.toThrow()
})

test.each(actions)('12: $name refuses an environment of two lines, by one error', ({ inputs, ...action }) => {
  for (const name of ['environment', 'approval'].filter((each) => each in inputs))
    expect(() => read({ ...action, inputs }, { [name]: 'a\nb' })).toThrow(
      new InputError(`input "${name}" holds a line break or a control character; write one line`),
    )
})

test('no documented example and no workflow of ours gives inputs that do not go together', () => {
  const files = readdirSync('.', { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(?:md|yml)$/.test(path) && !/^(?:node_modules|\.cache|dist|lib)\//.test(path),
  )
  const steps = files.flatMap((path) => [
    ...readFileSync(path, 'utf8').matchAll(
      /^( *)(?:- )?uses: rollback-suite\/rollback(?:\/actions\/([\w-]+))?@.*\n((?:\1 .*\n)*)/gm,
    ),
  ])
  expect(steps.length).toBeGreaterThan(10)
  for (const [, , name = 'rollback', rest = ''] of steps) {
    const action = actions.find((each) => each.name === name)
    const given = [...rest.matchAll(/^ +([\w-]+): *["']?([^"'#\n]*)/gm)].map(([, key = '', value = '']) => [
      key,
      // what an expression gives is not known; in our workflows it is empty where the input is left out
      value.includes('${{') ? '' : value.trim(),
    ])
    const texts = new Map(given.map(([key = '', text = '']) => [key, text]))
    const written = Object.entries(action?.inputs ?? {}).map(
      ([key, { default: fallback }]) => [key, { text: texts.get(key) ?? '', fallback }] as const,
    )
    const rules = (action?.rules ?? []).filter((rule) => !('requiredWith' in rule))
    const broken = checkRules(rules, new Map(written))
    expect({ name, rest, broken: broken.map(String) }).toEqual({ name, rest, broken: [] })
  }
})

describe.each(withRules.map((action) => [action.name, action] as const))('the rules of %s', (_, action) => {
  test('are about its own inputs, and values that those can have', () => {
    for (const rule of action.rules ?? []) {
      for (const name of inputsOfRule(rule)) expect(Object.keys(action.inputs)).toContain(name)
      const condition = conditionOf(rule)
      for (const value of condition?.is ?? [])
        expect(() => action.inputs[condition?.input ?? '']?.parse(value)).not.toThrow()
    }
  })

  test('are in the description of each input that they are about', () => {
    const manifest = writeManifest(action)
    const described = (name: string) =>
      new RegExp(
        `^  ${name}:\\n    description: .*(Only with|Not with|Not together with|Required with) `,
        'm',
      )
    for (const rule of action.rules ?? [])
      for (const name of 'oneOf' in rule ? rule.oneOf : rule.inputs) expect(manifest).toMatch(described(name))
  })
})

describe('as a process', () => {
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    response.writeHead(500).end()
  })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => void server.close())

  test.each(withRules.map((action) => [action.name, action] as const))(
    '%s says so without a request',
    async (name, action) => {
      const [first] = violationsOf(action)
      if (first === undefined) throw new Error('no rule')
      const address = server.address()
      const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : ''
      const { exitCode, log, outputs } = await run(name, {
        ...required(action),
        ...first.inputs,
        GITHUB_REPOSITORY: 'o/r',
        GITHUB_API_URL: url,
        GITHUB_SHA: 'a'.repeat(40),
      })
      expect({ exitCode, log, requests }).toEqual({
        exitCode: 1,
        log: expect.stringMatching(mentions(first.names)),
        requests: 0,
      })
      // a step that follows reads what became of it
      expect(outputs.includes('decision<<')).toBe(action.rollsBack === true)
      if (action.rollsBack)
        expect(outputs).toMatch(/^decision<<(\S+)\nfailed\n\1\nreason-code<<(\S+)\ninvalid-input\n\2$/m)
    },
  )
})

interface Violation {
  readonly inputs: Readonly<Record<string, string>>
  /** the inputs that the message has to name */
  readonly names: readonly string[]
}

/** For each rule of an action, and each input that it is about, what breaks it. */
function violationsOf(action: ActionContract): readonly Violation[] {
  return (action.rules ?? []).flatMap((rule): readonly Violation[] => {
    const given = (name: string) => ({ [name]: someValue(action, name) })
    if ('oneOf' in rule) {
      const [first = '', ...others] = rule.oneOf
      return others.map((other) => ({ inputs: { ...given(first), ...given(other) }, names: [first, other] }))
    }
    const condition = conditionOf(rule)
    if (condition === undefined) return []
    const { input, is } = condition
    const met = is === undefined ? given(input) : { [input]: is[0] ?? '' }
    return rule.inputs.map((name) => {
      if ('requiredWith' in rule) return { inputs: { ...met, [name]: '' }, names: [name] }
      if ('notWith' in rule) return { inputs: { ...met, ...given(name) }, names: [name, input] }
      const other = is === undefined ? {} : otherValue(action, condition)
      return { inputs: { ...given(name), ...other }, names: [name, input] }
    })
  })
}

/** A value of the input that is not its default. */
function someValue({ inputs }: ActionContract, name: string): string {
  const candidates = [
    ...['a', '7', '1h', '1MB', 'true', 'false', 'A=1'],
    ...[
      'checksums',
      'full',
      'reset',
      'stop',
      'verify',
      'migrations',
      'watch',
      'answer',
      'plan',
      'none',
      'backup',
      'repository',
      'critical',
      'now',
      'acknowledge',
      'remind',
    ],
  ]
  const input = inputs[name]
  const found = candidates.find((each) => {
    try {
      input?.parse(each)
      return each !== input?.default
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error(`no value is known for the input ${name}`)
  return found
}

/** Where the default of an input meets a condition, another value that does not. */
function otherValue(action: ActionContract, { input, is }: { input: string; is?: readonly string[] }) {
  const fallback = action.inputs[input]?.default ?? ''
  return is?.includes(fallback) ? { [input]: someValue(action, input) } : {}
}

function conditionOf(rule: InputRule) {
  if ('oneOf' in rule) return undefined
  if ('requiredWith' in rule) return rule.requiredWith
  return 'notWith' in rule ? rule.notWith : rule.onlyWith
}

function required(action: ActionContract): Readonly<Record<string, string>> {
  const needed = Object.entries(action.inputs).filter(([, each]) => each.required)
  return Object.fromEntries(needed.map(([name]) => [name, someValue(action, name)]))
}

function read(action: ActionContract, inputs: Readonly<Record<string, string>>) {
  const env = Object.entries({ ...required(action), ...inputs }).map(([name, value]) => [
    variableOf(name),
    value,
  ])
  return readInputs(action.inputs, Object.fromEntries(env), action.rules)
}

function mentions(names: readonly string[]): RegExp {
  return new RegExp(names.map((name) => `(?=[^]*input "${name}")`).join(''))
}

async function run(name: string, given: Readonly<Record<string, string>>) {
  const env = Object.entries(given).map(([key, value]) => [
    /^GITHUB_/.test(key) ? key : variableOf(key),
    value,
  ])
  const folder = await mkdtemp(join(tmpdir(), 'input-rules-'))
  const file = join(folder, 'output')
  await writeFile(file, '')
  try {
    const child = spawn(process.execPath, [entryOf(name)], {
      env: { PATH: process.env['PATH'], GITHUB_OUTPUT: file, ...Object.fromEntries(env) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { exitCode: child.exitCode, log: `${out}${error}`, outputs: await readFile(file, 'utf8') }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Every input that a rule names. */
function inputsOfRule(rule: InputRule): readonly string[] {
  if ('oneOf' in rule) return rule.oneOf
  const { input } =
    'requiredWith' in rule ? rule.requiredWith : 'notWith' in rule ? rule.notWith : rule.onlyWith
  return [...rule.inputs, input]
}

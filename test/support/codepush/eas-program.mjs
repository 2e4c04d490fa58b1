/**
 * Stands in for Expo's command line, `eas` 24.8.0: what it prints, where, and how it ends are as the real one did when it
 * was run against an imitation of Expo's API on 2026-11-25. Its groups are in the file that EAS_STATE names, oldest first.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { EAS_STATE: file, EXPO_TOKEN: token } = process.env
const state = JSON.parse(readFileSync(file, 'utf8'))
const [command, ...rest] = process.argv.slice(2)
const text = { type: 'string' }
const { values, positionals } = parseArgs({
  args: rest,
  allowPositionals: true,
  options: {
    branch: text,
    group: text,
    limit: text,
    message: text,
    platform: text,
    'runtime-version': text,
    json: { type: 'boolean' },
    'non-interactive': { type: 'boolean' },
  },
})
if (command === 'update:view' && values['non-interactive']) process.exit(2)
appendFileSync(`${file}.log`, `${JSON.stringify([command, ...rest])}\n`)
writeFileSync(`${file}.env`, JSON.stringify(process.env))

const fail = (said) => {
  process.stdout.write(`${said}\n`)
  process.stderr.write(`    Error: ${command} command failed.\n`)
  process.exit(1)
}
const print = (value) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
const newest = () => state.groups.toReversed()
const fault = state.faults.find((each) => each.command === command && each.times > 0)
if (fault) {
  fault.times -= 1
  writeFileSync(file, JSON.stringify(state))
}
if (fault?.when === 'before') fail(fault.said)
if (fault?.when === 'instead') {
  process.stdout.write(fault.said)
  process.exit(0)
}

if (token === undefined)
  fail(
    "An Expo user account is required to proceed.\nEither log in with eas login or set the EXPO_TOKEN environment variable if you're using EAS CLI on CI (Learn more: https://docs.expo.dev/accounts/programmatic-access/)",
  )
if (token !== state.token)
  fail(
    "You don't have the required permissions to perform this operation.\n\nThis can sometimes happen if you are logged in as incorrect user.\n\nOriginal error message: The bearer token is invalid.",
  )

function publish({ message, platforms, runtimeVersion, isRollBackToEmbedded }) {
  const number = String(state.groups.length + 1).padStart(12, '0')
  const group = `bbbbbbbb-0000-4000-8000-${number}`
  state.groups.push({ group, message, platforms, runtimeVersion, isRollBackToEmbedded })
  writeFileSync(file, JSON.stringify(state))
  if (fault?.when === 'after') fail(fault.said)
  print(
    platforms.map((platform) => ({
      id: `${platform}-${group}`,
      group,
      message,
      createdAt: '2026-11-25T00:05:00.000Z',
      runtime: { id: 'rt1', version: runtimeVersion },
      platform,
      isRollBackToEmbedded,
      branch: { id: 'br1', name: 'production' },
    })),
  )
}

function republish(id, platform) {
  const found = state.groups.find(({ group }) => group === id)
  if (found === undefined) fail(`Could not find any updates with group ID: "${id}"`)
  const platforms = found.platforms.filter((each) => platform === 'all' || each === platform)
  publish({ ...found, platforms, message: values.message })
}

switch (command) {
  case 'update:list': {
    if (values.branch !== 'production') {
      process.stderr.write(
        `Could not find branch "${values.branch}"\n    Error: ${command} command failed.\n`,
      )
      process.exit(1)
    }
    const shown = newest().filter(
      ({ platforms }) => values.platform === 'all' || platforms.includes(values.platform),
    )
    const currentPage = shown.slice(0, Number(values.limit)).map((each) => ({
      branch: 'production',
      message: `${each.message ? `"${each.message.length > 512 ? `${each.message.slice(0, 509)}...` : each.message}" ` : ''}(4 hours ago by ci (robot))`,
      runtimeVersion: each.runtimeVersion,
      isRollBackToEmbedded: each.isRollBackToEmbedded,
      ...(each.rolloutPercentage !== undefined && { rolloutPercentage: each.rolloutPercentage }),
      group: each.group,
      platforms: each.platforms.join(', '),
    }))
    print({ name: 'production', id: 'br1', currentPage })
    break
  }
  case 'update:view': {
    const found = state.groups.find(({ group }) => group === positionals[0])
    if (found === undefined) fail(`Could not find any updates with group ID: "${positionals[0]}"`)
    print(
      found.platforms.map((platform) => ({ id: `${platform}-${found.group}`, group: found.group, platform })),
    )
    break
  }
  case 'update:rollback': {
    const [id] = positionals
    const found = state.groups.find(({ group }) => group === id)
    if (found === undefined) fail(`Could not find any updates with group ID: "${id}"`)
    const [latest, previous] = newest().filter((each) => each.runtimeVersion === found.runtimeVersion)
    if (latest.group !== id)
      fail(
        `Update group "${id}" is not the latest update on branch "production" for runtime version "${found.runtimeVersion}" (the latest is "${latest.group}"). Only the latest update can be rolled back.`,
      )
    if (previous === undefined) fail('this stand-in has not seen what comes of it')
    republish(previous.group, values.platform)
    break
  }
  case 'update:republish':
    republish(values.group, values.platform)
    break
  case 'update:roll-back-to-embedded':
    publish({
      message: values.message,
      platforms: values.platform === 'all' ? ['android', 'ios'] : [values.platform],
      runtimeVersion: values['runtime-version'],
      isRollBackToEmbedded: true,
    })
    break
  default:
    fail(`command ${command} not found`)
}

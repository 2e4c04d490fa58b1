import { describe, expect, test } from '@jest/globals'
import { isEncrypted, readRequests, readServerUrl } from '../../../src/layers/ota/request.ts'

const none = {
  targets: [],
  fromLabels: [],
  appVersions: [],
  knownBad: [],
  incident: 'production-abc',
} as const

describe('what is asked for each channel', () => {
  test('one value is for all channels, several are one for each', () => {
    const requests = readRequests({
      ...none,
      mode: 'roll-back',
      channels: ['Shop-ios/Production', 'owner/Shop-android/Production'],
      targets: ['v7'],
      fromLabels: ['v12', 'v15'],
    })
    expect(requests.map(({ name, target, from }) => ({ name, target, from }))).toEqual([
      { name: { app: 'Shop-ios', deployment: 'Production' }, target: 'v7', from: 'v12' },
      { name: { app: 'owner/Shop-android', deployment: 'Production' }, target: 'v7', from: 'v15' },
    ])
  })

  test.each([
    [{ channels: ['Shop'] }, /`ota.channels` has "Shop"; write app\/deployment/],
    [{ channels: ['a/b', 'a/b'] }, /names a\/b twice/],
    [{ channels: ['a/b', 'c/d', 'e/f'], targets: ['v1', 'v2'] }, /`target` has 2 values for 3 channels/],
  ])('%j is refused', (choices, message) => {
    expect(() => readRequests({ ...none, mode: 'roll-back', ...choices })).toThrow(message)
  })
})

describe('the address of the server', () => {
  test('is taken with a path, and without the slash at its end', () => {
    expect(readServerUrl('https://updates.example.com/hot-updater/')).toBe(
      'https://updates.example.com/hot-updater',
    )
  })

  test.each(['codepush.example.com', 'ftp://codepush.example.com', ''])('%j is none', (text) => {
    expect(() => readServerUrl(text)).toThrow('`ota.server-url` is not an address')
  })

  test.each(['https://u:p@x.example', 'https://x.example/?key=1', 'https://x.example/#a'])(
    '%s carries what it should not, and the message does not repeat it',
    (text) => {
      expect(() => readServerUrl(text)).toThrow(/^`ota.server-url` holds more than an address[^@=]*$/)
    },
  )

  test.each([
    ['https://x.example', true],
    ['http://127.0.0.1:3000', true],
    ['http://x.example', false],
  ])('%s keeps the key to itself: %s', (url, expected) => {
    expect(isEncrypted(url)).toBe(expected)
  })
})

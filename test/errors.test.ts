import { expect, test } from '@jest/globals'
import { InputError, isUserFacing, message, RefusedError, setting } from '../src/errors.ts'

const nameOf = ({ path }: { path: string }) => `input "${path.split('.').at(-1)}"`

test('a message calls a setting by its path, and as its writer knows it when it is printed', () => {
  const error = new RefusedError(message`3 commits, and ${setting('code.max-commits')} allows ${2}`)
  expect(error.message).toBe('3 commits, and `code.max-commits` allows 2')
  expect(error.explain(nameOf)).toBe('3 commits, and input "max-commits" allows 2')
})

test('an error in a message keeps its settings', () => {
  const cause = new InputError(message`${setting('ota.channels')} is empty`)
  const error = new RefusedError(message`could not plan: ${cause}`)
  expect(error.message).toBe('could not plan: `ota.channels` is empty')
  expect(error.explain(nameOf)).toBe('could not plan: input "channels" is empty')
})

test('a bug is no message for the user', () => {
  expect(isUserFacing(new InputError('x'))).toBe(true)
  expect(isUserFacing(new TypeError('x'))).toBe(false)
})

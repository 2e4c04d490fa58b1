/** An action that prints more than a pipe holds, and then has an error that nobody caught. */

import { type Action, startAction } from '../../src/runner/action.ts'
import { defineAction } from '../../src/runner/contract.ts'

const contract = defineAction({
  name: 'hasty',
  title: 'Hasty',
  description: 'Prints much, and ends.',
  branding: { icon: 'mic', color: 'red' },
  permissions: {},
  afterCancelled: 'run it again',
  inputs: {},
  outputs: {},
})

const run: Action<typeof contract.inputs, string>['run'] = async ({ log }) => {
  for (let line = 0; line < 20_000; line += 1) log.info(`line ${line}`)
  setTimeout(() => {
    throw new Error('the last word')
  })
}

await startAction(contract, async () => ({ run }))

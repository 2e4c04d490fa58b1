/** An action whose every part prints what strangers wrote: libraries, Node itself, and errors that nobody caught. */

import { Console } from 'node:console'
import { type Action, startAction } from '../../src/runner/action.ts'
import { defineAction } from '../../src/runner/contract.ts'
import { hostileTexts } from './hostile-texts.ts'

const contract = defineAction({
  name: 'talkative',
  title: 'Talkative',
  description: 'Prints what strangers wrote.',
  branding: { icon: 'mic', color: 'red' },
  permissions: {},
  afterCancelled: 'run it again',
  inputs: {},
  outputs: {},
})

const stray = new Console(process.stdout, process.stderr)

const run: Action<typeof contract.inputs, string>['run'] = async ({ log, fail }) => {
  for (const text of hostileTexts) {
    process.stdout.write('half a line')
    log.warning(text, text)
    log.info(text)
    log.debug(text)
    stray.log(text)
    stray.error(text)
    for (const char of text) process.stdout.write(char)
    process.stderr.write(Buffer.from(text))
    process.emitWarning(text)
    fail(text)
  }
  setTimeout(() => {
    throw new Error(hostileTexts.join('\n'))
  })
}

await startAction(contract, async () => ({ run }))

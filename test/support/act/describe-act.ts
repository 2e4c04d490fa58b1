import { describe } from '@jest/globals'
import { act } from './act.ts'

/** The tier that needs act: skipped with one clear line where it can't be had, and never in continuous integration. */
export function describeAct(name: string, tests: () => void): void {
  if (act !== undefined || process.env['CI'] === 'true') {
    describe(name, tests)
    return
  }
  process.stderr.write(`skipped, act is not installed (script/bootstrap --tests builds it): ${name}\n`)
  describe.skip(name, tests)
}

/** What is answered to a comment is true of what became of it. */
import { describe, expect, test } from '@jest/globals'
import { describeOutcome } from '../../src/issueops/reply.ts'

const failed = 'a'.repeat(40)
const outcomeOf = (decision: string) =>
  describeOutcome({ decision, commit: failed, postmortem: '', url: 'https://github.example/run' })

describe('a reply', () => {
  test.each(['planned', 'held', 'well', 'nothing', 'failed', 'undone', 'proposed', ''])(
    'to what ended as "%s" names no revision to deploy: the output `commit` is what is deployed already',
    (decision) => {
      expect(outcomeOf(decision).words).not.toContain(failed)
    },
  )

  test.each(['complete', 'already-rolled-back', 'not-deployed', 'not-recovered', 'not-verified', 'partial'])(
    'to what ended as "%s" names the revision to deploy',
    (decision) => {
      expect(outcomeOf(decision).words).toContain(`The revision to deploy is ${failed}.`)
    },
  )

  test.each([
    'partial',
    'failed',
    'undone',
    'held',
    'proposed',
    'not-deployed',
    'not-recovered',
    'not-verified',
    '',
  ])('to what ended as "%s" is no rocket, for something is left to do', (decision) => {
    expect(outcomeOf(decision).reaction).toBe('-1')
  })
})

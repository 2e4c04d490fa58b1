/** The called workflows hold one lock for an environment, and none that a deployment would wait for. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { root } from '../support/act/release.ts'

interface Job {
  readonly concurrency?: {
    readonly group: string
    readonly queue?: string
    readonly 'cancel-in-progress': boolean
  }
  readonly uses?: string
  readonly if?: string
  readonly steps?: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[]
}
const jobsOf = (workflow: string) =>
  Object.entries(
    (
      parse(readFileSync(`${root}/.github/workflows/${workflow}.yml`, 'utf8')) as {
        jobs: Record<string, Job>
      }
    ).jobs,
  )

/** Jobs that roll back themselves: by the front door, in a mode that changes something. */
const rollsBack = ({ steps = [] }: Job) =>
  steps.some(
    ({ uses, with: given }) =>
      uses === 'rollback-suite/rollback@v1' && given?.['mode'] !== 'plan' && given?.['mode'] !== 'doctor',
  )

test('every job that rolls an environment back is in the one group of that environment, and none is dropped', () => {
  const locked = ['guard', 'watch', 'rollback', 'issueops']
    .flatMap(jobsOf)
    .filter(([, job]) => rollsBack(job))
  expect(locked.map(([name]) => name)).toEqual(['rollback', 'apply'])
  for (const [, { concurrency }] of locked) {
    // an empty environment is the one that the actions take it for
    expect(concurrency).toEqual({
      group: "rollback-${{ inputs.environment || 'production' }}",
      'cancel-in-progress': false,
      queue: 'max',
    })
  }
})

test.each(['guard', 'watch', 'issueops'])(
  '%s rolls back by rollback.yml, and holds no lock meanwhile',
  (workflow) => {
    const calls = jobsOf(workflow).filter(([, { uses }]) => uses?.includes('/rollback.yml@'))
    expect(calls.map(([name]) => name)).toEqual(['rollback'])
    expect(calls[0]?.[1].concurrency).toBeUndefined()
  },
)

test('each plan of a run is an artifact of its own', () => {
  const text = readFileSync(`${root}/.github/workflows/rollback.yml`, 'utf8')
  expect(text).not.toMatch(/name: rollback-plan\n/)
  expect(text).toContain('name: ${{ steps.artifact.outputs.name }}')
  expect(text).toContain('name: ${{ needs.plan.outputs.artifact }}')
})

test('14.2: guard.yml passes its mode on, and a snapshot rolls nothing back', () => {
  const jobs = new Map(jobsOf('guard'))
  expect(jobs.get('guard')?.steps?.[0]?.with).toMatchObject({ mode: '${{ inputs.mode }}' })
  for (const name of ['rollback', 'doctor']) expect(jobs.get(name)?.if).toContain("inputs.mode != 'snapshot'")
})

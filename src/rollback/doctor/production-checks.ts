import { type Check, known, ok, unknown, warning, wrong } from './finding.ts'

/** Whether an automatic rollback would start, and whether anything shows that production has recovered. */
export const productionChecks: readonly Check[] = [
  {
    name: 'checks',
    reads: 'one round of the checks under `health.checks`',
    judge: ({ assessment }) =>
      known(assessment, 'production', (seen) => {
        if (seen === undefined)
          return wrong(
            'no check is configured: nothing shows whether production has recovered',
            'Add a check under `health.checks`',
          )
        if (seen.verdict === 'error')
          return wrong(
            `the checks get no answer: ${seen.because}`,
            'Fix the address, the secret or the network',
          )
        return seen.verdict === 'inconclusive'
          ? unknown(`the checks show too little: ${seen.because}`, 'Run doctor again when there is traffic')
          : ok(`the checks answer: ${seen.verdict}`)
      }),
  },
  {
    name: 'guards',
    reads: 'holds, and the limits of automatic rollbacks',
    judge: ({ held }) =>
      known(held, 'the guards', (why) =>
        why === undefined
          ? ok('no guard would hold an automatic rollback')
          : warning(`an automatic rollback would be held: ${why}`, 'Lift the hold, or roll back manually'),
      ),
  },
]

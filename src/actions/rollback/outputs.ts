import type { RollbackStep } from './contract.ts'

/** Says what the settings could add, where there are none. */
export function sayUnconfigured(
  { inputs, log }: RollbackStep,
  { isConfigured }: { readonly isConfigured: boolean },
): void {
  if (isConfigured) return
  log.info(
    `there is no ${inputs.config} at this revision: only the code is rolled back. That file configures health checks (health), the workflow that deploys (code.redeploy), a database and over-the-air updates`,
  )
}

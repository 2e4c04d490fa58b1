/** The one entry of `dist/`: `dist/<name>/index.js` starts its action by name, and what actions have in common is bundled once. */
const entries = {
  'codepush-rollback': () => import('./codepush-rollback/index.ts'),
  'config-rollback': () => import('./config-rollback/index.ts'),
  'db-backup': () => import('./db-backup/index.ts'),
  'db-migrate': () => import('./db-migrate/index.ts'),
  'db-restore': () => import('./db-restore/index.ts'),
  'git-rollback': () => import('./git-rollback/index.ts'),
  'health-gate': () => import('./health-gate/index.ts'),
  incident: () => import('./incident/index.ts'),
  issueops: () => import('./issueops/index.ts'),
  'postmortem-issue': () => import('./postmortem-issue/index.ts'),
  rollback: () => import('./rollback/index.ts'),
  'rollback-report': () => import('./rollback-report/index.ts'),
}

/**
 * Runs an action as the step of a job: what starts it is run when it is evaluated, so once for each evaluation of this module.
 * @returns once the action has ended
 */
export async function start(name: keyof typeof entries): Promise<void> {
  await entries[name]()
}

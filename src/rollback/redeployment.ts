import { redeploy } from '../deployment/redeploy.ts'
import type { Repository } from '../github/client.ts'
import type { Config } from '../settings/schema.ts'
import type { CarryOutOptions } from './carry-out.ts'

/** How the restored revision is deployed: by the workflow that the settings name; undefined where they name none. */
export function deployBy(
  repository: Repository,
  { code: { redeploy: settings } }: Pick<Config, 'code'>,
  {
    branch,
    run: ownRun,
    log,
    sleep,
    now,
  }: {
    readonly branch: string
    /** the run that this is a part of */
    readonly run?: string | undefined
    readonly log: (line: string) => void
    readonly sleep: (ms: number) => Promise<void>
    /** ms since the epoch */
    readonly now: () => number
  },
): CarryOutOptions['deploy'] {
  if (settings === undefined) return undefined
  const { workflow, timeoutMs } = settings
  return async ({ now: revision }) => {
    const inputs = Object.fromEntries(
      Object.entries(settings.inputs).map(([name, value]) => [
        name,
        value.replaceAll('{revision}', revision),
      ]),
    )
    const wish = { workflow, ref: branch, commit: revision, inputs, timeoutMs, ownRun }
    const run = await redeploy(repository, wish, { say: log, sleep, now })
    return { revision, workflow, url: run?.url ?? '' }
  }
}

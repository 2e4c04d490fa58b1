import type { Routes } from '../call.ts'
import { checks } from './checks.ts'
import { commits } from './commits.ts'
import { contents } from './contents.ts'
import { deployments } from './deployments.ts'
import { gitData } from './git-data.ts'
import { issues } from './issues.ts'
import { pulls } from './pulls.ts'
import { reactions } from './reactions.ts'
import { repository } from './repository.ts'
import { runs } from './runs.ts'
import { variables } from './variables.ts'
import { workflows } from './workflows.ts'

/** What the emulator does for each operation that it knows. */
export const routes: Routes = {
  ...checks,
  ...commits,
  ...contents,
  ...deployments,
  ...gitData,
  ...issues,
  ...pulls,
  ...reactions,
  ...repository,
  ...runs,
  ...variables,
  ...workflows,
}

import { accessChecks } from './access-checks.ts'
import { deploymentChecks } from './deployment-checks.ts'
import type { Check } from './finding.ts'
import { layerChecks } from './layer-checks.ts'
import { productionChecks } from './production-checks.ts'

/** Everything that a rollback depends on, in the order in which a rollback would need it. */
export const checks: readonly Check[] = [
  ...accessChecks,
  ...deploymentChecks,
  ...layerChecks,
  ...productionChecks,
]

import { shareOfPercent, usualThresholds } from '../../views/report/report.ts'
import type { RollbackReportStep } from './contract.ts'

/** From where on the report recommends something, as the inputs say. @param objectiveMs of a recovery; undefined for none */
export function thresholdsOf(inputs: RollbackReportStep['inputs'], objectiveMs: number | undefined) {
  return {
    successRate: shareOfPercent('least-success-percent', inputs['least-success-percent']),
    rollbacks: inputs['most-rollbacks'],
    undetected: shareOfPercent('most-undetected-percent', inputs['most-undetected-percent']),
    downtimeMs: inputs['longest-downtime'] ?? usualThresholds.downtimeMs,
    sameCheck: inputs['most-by-one-check'],
    objectiveMs,
  }
}

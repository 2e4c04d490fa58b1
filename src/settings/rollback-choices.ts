/** What is wrong, as far as one knows when one has to act. */
export const issueTypes = [
  'code-bug',
  'config-error',
  'database-corruption',
  'performance',
  'unknown',
] as const
export type IssueType = (typeof issueTypes)[number]

/** The layers that this version can roll back, in the order in which it does. */
export const configuredLayers = ['flags', 'config', 'database', 'code', 'ota'] as const

export const failureRules = ['stop', 'continue', 'undo'] as const
export type FailureRule = (typeof failureRules)[number]

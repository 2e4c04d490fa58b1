/** How bad something is, the worst first: a breach of a check, and the incident that it begins. */
export const severities = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]

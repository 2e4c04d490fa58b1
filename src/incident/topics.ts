/** What an event means to people who follow an incident. */
export const topics = [
  'opened',
  'severity',
  'acknowledged',
  'escalated',
  'rollback-started',
  'approval-required',
  'layer-rolled-back',
  'rollback-ended',
  'deployed',
  'not-recovered',
  'resolved',
  'note',
  'published',
] as const
export type Topic = (typeof topics)[number]

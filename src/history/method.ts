import type { EventOf } from './event.ts'

/** How a layer was taken back, as one word: the event does not say it, and what it kept does. */
export function methodOf({
  layer,
  now,
  to,
  kept,
}: EventOf<'rollback-applied'>): 'reset' | 'commit' | 'down-migrations' | 'backup' | 'release' | 'restore' {
  switch (layer) {
    case 'code':
      return now === to ? 'reset' : 'commit'
    case 'database':
      return kept?.['database'] === undefined ? 'down-migrations' : 'backup'
    case 'ota':
      return 'release'
    default:
      return 'restore'
  }
}

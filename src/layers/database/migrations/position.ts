/** Where a database stands: the newest migration that is applied; undefined where none is. */
export type Position = string | undefined

/** As plans, the history and people write that none is applied. */
const noMigration = 'no migration'

/** The text of a position in a plan and in the history. */
export function sayPosition(position: Position): string {
  return position ?? noMigration
}

/** What `sayPosition` wrote, or a person. */
export function readPosition(text: string): Position {
  return text === noMigration ? undefined : text
}

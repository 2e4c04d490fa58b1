import { formatDuration } from '../../text/duration.ts'
import { quoteWord } from '../../text/shell.ts'
import type { WayBack } from '../layer.ts'
import type { Engine } from './engine.ts'

/** How people put the database back that a restore replaced. @param kept its name */
export async function wayBackOfRestore(
  engine: Pick<Engine, 'kind' | 'database' | 'query' | 'quoteName'>,
  kept: string,
  keepOldMs: number,
): Promise<WayBack> {
  const commands = await commandsOf(engine, kept)
  const what = `The database that was replaced is kept as ${kept} for ${formatDuration(keepOldMs)}`
  return {
    commands,
    steps: [
      commands.length > 0
        ? `${what}. Stop what uses the database, and put it back${engine.kind === 'sqlite' ? ', in the folder of the database' : ''}:`
        : `${what}. To put it back, rename its tables as the README of db-restore says.`,
      'What was written since the restore is then in the other one.',
    ],
  }
}

/** Lines of a shell; none where what is kept is no database of its own. */
async function commandsOf(
  { kind, database, query, quoteName }: Pick<Engine, 'kind' | 'database' | 'query' | 'quoteName'>,
  kept: string,
): Promise<readonly string[]> {
  if (kind === 'sqlite') {
    const restore = (from: string) => quoteWord(`.restore '${from.replaceAll("'", "''")}'`)
    const save = (to: string) => quoteWord(`.backup '${to.replaceAll("'", "''")}'`)
    const file = quoteWord(database)
    return [`sqlite3 ${file} ${save(`${database}_restored`)}`, `sqlite3 ${file} ${restore(kept)}`]
  }
  if (kind === 'mysql') return []
  const isDatabase = (await query('SELECT 1 AS one FROM pg_database WHERE datname = ?', [kept])).length > 0
  if (!isDatabase) return []
  const rename = (from: string, to: string) =>
    `psql -d postgres -c ${quoteWord(`ALTER DATABASE ${quoteName(from)} RENAME TO ${quoteName(to)}`)}`
  return [rename(database, `${database}_restored`), rename(kept, database)]
}

/** How people bring back what undoing migrations took away. @param backup made before */
export function wayBackOfUndoing(backup: string, undone: readonly string[]): WayBack {
  return {
    steps: [
      `To apply ${undone.join(', ')} again, deploy a revision that has ${undone.length === 1 ? 'it' : 'them'}, fixed.`,
      `Backup ${backup} holds the database from before the migrations were undone. To go back to it, run db-restore with this name as its backup. Rows written since then are lost.`,
    ],
    commands: [],
  }
}

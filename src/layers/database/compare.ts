import { count } from '../../text/count.ts'
import type { Contents } from './engine.ts'

/**
 * What differs between what a backup says is in it and what a database holds, in words; empty when nothing does.
 * @param sample the tables whose rows are compared; undefined for all
 */
export function differences(
  expected: Contents,
  found: Contents,
  sample?: ReadonlySet<string>,
): readonly string[] {
  const foundTables = new Map(found.tables.map((table) => [table.name, table]))
  const names = new Set(expected.tables.map(({ name }) => name))
  return [
    ...expected.tables.flatMap(({ name, rows, digest }) => {
      const table = foundTables.get(name)
      if (table === undefined) return [`table ${name} is missing`]
      if (sample !== undefined && !sample.has(name)) return []
      if (table.rows !== rows) return [`table ${name} has ${count(table.rows, 'row')} instead of ${rows}`]
      return differ(table.digest, digest) ? [`the rows of table ${name} differ`] : []
    }),
    ...found.tables.flatMap(({ name }) => (names.has(name) ? [] : [`table ${name} should not be there`])),
    ...(expected.schema === found.schema
      ? []
      : ['the schema (columns, indexes, views, triggers, routines) differs']),
    ...(differ(expected.image, found.image) ? ['the file differs'] : []),
    ...(differ(expected.orphans, found.orphans)
      ? [`the number of rows that break a foreign key is ${found.orphans} instead of ${expected.orphans}`]
      : []),
  ]
}

/** Definitions that only one of two schemas has, in words; empty when nothing differs. */
export function differingDefinitions(
  expected: readonly string[],
  found: readonly string[],
): readonly string[] {
  const [before, after] = [new Set(expected), new Set(found)]
  return [
    ...expected.filter((line) => !after.has(line)).map((line) => `only the live database has ${line}`),
    ...found.filter((line) => !before.has(line)).map((line) => `only the restored copy has ${line}`),
  ]
}

/** What one of the two does not know is no difference. */
function differ<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b
}

/** A name as the server takes it, in backticks. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

const textOrName = /'(?:[^'\\]|\\[\s\S]|'')*'|(?<!\.)`((?:[^`]|``)+)`\.|`(?:[^`]|``)+`/g

/**
 * Replaces databases before the dot in a statement that the server printed, where every name is in backticks and every text in
 * quotes: `` `shop`.`t` `` becomes `` `copy`.`t` ``, or `` `t` `` without a new name.
 */
export function requalify(sql: string, from: readonly string[], to?: string): string {
  return sql.replace(textOrName, (found: string, name: string | undefined) => {
    if (name === undefined || !from.includes(name.replaceAll('``', '`'))) return found
    return to === undefined ? '' : `${quoteName(to)}.`
  })
}

/** True when a name stands in a statement without a dot after it, so that before a dot it may be a table and no database. */
export function isNamedAlone(sql: string, name: string): boolean {
  for (const [found] of sql.matchAll(textOrName)) if (found === quoteName(name)) return true
  return false
}

/** The names before a dot in a statement that the server printed: databases, tables and their aliases. */
export function databasesIn(sql: string): readonly string[] {
  return [...sql.matchAll(textOrName)].flatMap(([, name]) => name?.replaceAll('``', '`') ?? [])
}

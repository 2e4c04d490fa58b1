/** What the server's own client takes as one token of a script: a comment, or a text or name in quotes. */
const token =
  /--(?=\s|$)[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\]|\\[\s\S]|'')*'?|"(?:[^"\\]|\\[\s\S]|"")*"?|`[^`]*`?/y

/**
 * The statements of a script, in the way of the server's own client: they end at the delimiter, which `DELIMITER` changes, and
 * not within quotes and comments. What has nothing but comments is none.
 */
export function splitStatements(script: string): readonly string[] {
  const statements: string[] = []
  let [delimiter, start, at] = [';', 0, 0]
  const end = (to: number) => {
    const statement = script.slice(start, to).trim()
    if (!isBlank(statement)) statements.push(statement)
  }
  while (at < script.length) {
    const changed =
      isAtStartOfLine(script, at) && isBlank(script.slice(start, at)) ? delimiterAt(script, at) : undefined
    if (changed !== undefined) {
      delimiter = changed.delimiter
      at += changed.length
      start = at
      continue
    }
    if (script.startsWith(delimiter, at)) {
      end(at)
      at += delimiter.length
      start = at
      continue
    }
    token.lastIndex = at
    at += token.exec(script)?.[0].length || 1
  }
  end(script.length)
  return statements
}

function isAtStartOfLine(script: string, at: number): boolean {
  return at === 0 || script[at - 1] === '\n'
}

function delimiterAt(script: string, at: number) {
  const pattern = /[ \t]*delimiter[ \t]+(\S+)[^\n]*(?:\n|$)/iy
  pattern.lastIndex = at
  const found = pattern.exec(script)
  return found === null ? undefined : { delimiter: found[1] ?? ';', length: found[0].length }
}

/** A comment of a server's version, `/*!`, is no comment to it. */
function isBlank(sql: string): boolean {
  return sql.replace(/--(?=\s|$)[^\n]*|#[^\n]*|\/\*(?![!M])[\s\S]*?\*\//g, '').trim() === ''
}

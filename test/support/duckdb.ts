import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../.cache/test-servers/duckdb/', import.meta.url))
const program = fileURLToPath(new URL('duckdb-process.mjs', import.meta.url))

type Row = Readonly<Record<string, unknown>>

export interface DuckDB {
  /** The rows of the last of several statements. 64-bit numbers come as texts. @throws Error with what DuckDB says */
  readonly run: (sql: string) => Promise<readonly Row[]>
  readonly close: () => void
}

/** Opens DuckDB in memory. @throws Error where `script/bootstrap --tests` did not run */
export function openDuckDB(): DuckDB {
  if (!existsSync(folder)) throw new Error('DuckDB is not there: run script/bootstrap --tests')
  const child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async run(sql) {
      child.stdin.write(`${JSON.stringify(sql)}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error('DuckDB has ended')
      const { rows, error } = JSON.parse(value)
      if (error !== undefined) throw new Error(`${error}\n${sql}`)
      return rows
    },
    close: () => child.stdin.end(),
  }
}

const page = fileURLToPath(new URL('../../docs/warehouse.md', import.meta.url))

/** The SQL under a heading of docs/warehouse.md, as it stands there. */
export function sqlOf(heading: string): string {
  const [, sql] =
    new RegExp(`^#{2,3} ${heading}\\n[\\s\\S]*?\`\`\`sql\\n([\\s\\S]*?)\`\`\``, 'm').exec(
      readFileSync(page, 'utf8'),
    ) ?? []
  if (sql === undefined) throw new Error(`docs/warehouse.md has no SQL under ${heading}`)
  return sql
}

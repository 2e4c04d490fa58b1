/** DuckDB in a process of its own, as Jest loads no package from beside the project: a statement a line in, its rows a line out. */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { DuckDBInstance } = createRequire(process.argv[2])('@duckdb/node-api')
const connection = await (await DuckDBInstance.create(':memory:')).connect()
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const answer = await connection.runAndReadAll(JSON.parse(line))
    process.stdout.write(`${JSON.stringify({ rows: answer.getRowObjectsJson() })}\n`)
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: error.message })}\n`)
  }
}

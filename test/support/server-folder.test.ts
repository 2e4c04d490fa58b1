/** Servers that tests start end with the process that started them. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const support = (file: string) => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)))

test.each([
  ['PostgreSQL', `(await import(${support('postgres.ts')})).startPostgres()`, 'SHOW data_directory'],
  [
    'MariaDB',
    `(await import(${support('mariadb.ts')})).startMariaDb()`,
    'SELECT @@datadir AS data_directory',
  ],
])('%s ends, and its data goes, when its process is killed', async (_name, start, query) => {
  const script = `const server = await ${start}; console.log((await server.sql('${start.includes('Maria') ? 'mysql' : 'postgres'}', ${JSON.stringify(query)}))[0].data_directory); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [data] = await Promise.race([
    new Promise<string[]>((resolve) =>
      child.stdout.setEncoding('utf8').once('data', (text: string) => resolve([text.trim()])),
    ),
    new Promise<string[]>((resolve) => child.once('close', () => resolve([]))),
  ])
  expect(existsSync(data ?? '')).toBe(true)
  child.kill('SIGKILL')
  for (let tries = 0; tries < 200 && existsSync(data ?? ''); tries += 1) await sleep(50)
  expect(existsSync(data ?? '')).toBe(false)
})

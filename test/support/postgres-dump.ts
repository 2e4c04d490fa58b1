import { execFileSync } from 'node:child_process'

/** What `pg_dump` prints of a database: an independent word on whether two are the same. */
export function dumpText(url: string, bin = '/usr/lib/postgresql/15/bin'): readonly string[] {
  const { hostname, port, username, password, pathname } = new URL(url)
  const text = execFileSync(
    `${bin}/pg_dump`,
    ['--no-password', '--inserts', decodeURIComponent(pathname.slice(1))],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      env: {
        PGHOST: hostname,
        PGPORT: port,
        PGUSER: decodeURIComponent(username),
        PGPASSWORD: decodeURIComponent(password),
      },
    },
  )
  // a key that is made anew each time
  return text.split('\n').filter((line) => !/^\\(?:un)?restrict /.test(line))
}

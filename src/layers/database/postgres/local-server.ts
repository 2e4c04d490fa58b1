import { join } from 'node:path'
import type { Surroundings } from '../engine.ts'
import { type LocalServer, startServer } from '../local-server.ts'
import { withSession } from './connect.ts'

/** What it writes has to live no longer than it. */
const fast = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'max_wal_size=4GB',
  'wal_level=minimal',
  'max_wal_senders=0',
]

/**
 * Starts an empty server of PostgreSQL on this machine, by the programs of Debian's package `postgresql-<version>`. It listens
 * on a socket in a folder of its own, which only its user can enter.
 * @param superuser name of its superuser
 * @throws RefusedError when the programs are not there or it does not start
 */
export async function startLocalServer(
  { version, superuser }: { readonly version: string; readonly superuser: string },
  { env }: Surroundings,
): Promise<LocalServer> {
  const major = Number.parseInt(version, 10)
  const bin = `/usr/lib/postgresql/${major}/bin`
  const dataIn = (folder: string) => join(folder, 'data')
  const recipe = {
    name: `PostgreSQL ${version}`,
    debianPackage: `postgresql-${major}`,
    user: 'postgres',
    signal: 'QUIT',
    init: (folder: string) => [
      ...[`${bin}/initdb`, '-D', dataIn(folder), '-U', superuser, '-A', 'trust', '-E', 'UTF8'],
      ...['--locale=C.UTF-8', '--no-sync'],
    ],
    serve: (folder: string) => [
      ...[`${bin}/postgres`, '-D', dataIn(folder), '-k', folder],
      ...['listen_addresses=', 'unix_socket_permissions=0700', ...fast].flatMap((each) => ['-c', each]),
    ],
    connect: (folder: string) => ({
      engine: 'postgres',
      host: folder,
      port: 5432,
      user: superuser,
      password: '',
      database: 'postgres',
      tls: 'off',
      ca: undefined,
    }),
    ask: (connection) => withSession(connection, 'postgres', (session) => session.query('SELECT 1')),
  } as const satisfies Parameters<typeof startServer>[0]
  return startServer(recipe, env)
}

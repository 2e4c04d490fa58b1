import { join } from 'node:path'
import { RefusedError } from '../../../errors.ts'
import type { Surroundings } from '../engine.ts'
import { type LocalServer, type Recipe, startServer } from '../local-server.ts'
import { readToolVersion } from '../tool.ts'
import { withSession } from './connect.ts'

export interface LocalNeeds {
  /** as the live server says it, e.g. `10.11.6-MariaDB` */
  readonly version: string
  /** settings that are chosen when a server is set up: they decide which names and rows it takes */
  readonly lowerCaseTableNames: number
  readonly pageSize: number
}

const debianPackage = 'mariadb-server'

/** Major and minor version: it decides how the server prints a schema. */
export function seriesOf(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? version
}

/**
 * Starts an empty server of MariaDB on this machine, by the programs of Debian's package `mariadb-server`. It listens on a
 * socket in a folder of its own, which only its user can enter.
 * @throws RefusedError when the programs are not there or of another version, or it does not start
 */
export async function startLocalServer(needs: LocalNeeds, { env }: Surroundings): Promise<LocalServer> {
  const program = await findProgram(needs, env)
  const settings = (folder: string) => [
    ...['--no-defaults', `--datadir=${join(folder, 'data')}`, `--tmpdir=${folder}`],
    ...[`--lower-case-table-names=${needs.lowerCaseTableNames}`, `--innodb-page-size=${needs.pageSize}`],
  ]
  const recipe: Recipe = {
    name: `MariaDB ${seriesOf(needs.version)}`,
    debianPackage,
    user: 'mysql',
    // nothing of it is kept, so that it has nothing to write when it ends
    signal: 'KILL',
    init: (folder) => [
      ...['mariadb-install-db', ...settings(folder), '--auth-root-authentication-method=normal'],
      '--skip-test-db',
    ],
    serve: (folder) => [
      ...[program, ...settings(folder), `--socket=${join(folder, 'socket')}`, '--skip-networking'],
      ...['--skip-log-bin', '--event-scheduler=OFF', '--max-allowed-packet=1G', '--performance-schema=OFF'],
      // what it writes has to live no longer than it
      ...['--innodb-flush-log-at-trx-commit=0', '--skip-innodb-doublewrite', '--innodb-flush-method=nosync'],
    ],
    connect: (folder) => ({
      engine: 'mysql',
      host: join(folder, 'socket'),
      port: 3306,
      user: 'root',
      password: '',
      database: 'mysql',
      tls: 'off',
      ca: undefined,
    }),
    ask: (connection) => withSession(connection, undefined, (session) => session.query('SELECT 1')),
  }
  return startServer(recipe, env)
}

/** Debian has it where the PATH of a user who is not root does not look. */
async function findProgram({ version }: LocalNeeds, env: NodeJS.ProcessEnv): Promise<string> {
  const series = seriesOf(version)
  for (const program of ['/usr/sbin/mariadbd', 'mariadbd']) {
    const found = await readToolVersion(program, env, /Ver (\d+\.\d+)/)
    if (found === series) return program
    if (found !== undefined)
      throw new RefusedError(
        `the server is MariaDB ${series}, and ${debianPackage} on this machine is of version ${found}: a schema is compared on the same version only; install ${debianPackage} ${series}`,
      )
  }
  throw new RefusedError(`mariadbd is not on this machine: install ${debianPackage}`)
}

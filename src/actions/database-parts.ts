import { InputError, message, setting } from '../errors.ts'
import { type Connection, parseConnection } from '../layers/database/connection.ts'
import type { Engine } from '../layers/database/engine.ts'
import { openEngine } from '../layers/database/open.ts'
import { openStore } from '../layers/database/store/open.ts'
import type { Store } from '../layers/database/store/store.ts'
import type { Step } from '../runner/action.ts'
import { input } from '../runner/inputs.ts'

/** Inputs that db-backup and db-restore share, so that they mean the same in both. */
export const databaseInputs = {
  'database-url': input.secret({
    setting: 'database.url',
    description:
      'URL of the database, from a secret: `sqlite:path/to/app.db`, `postgres://user:password@host/app`, `mysql://user:password@host/app`. For TLS, add `?sslmode=disable`, `require` or `verify-full`, and `&sslrootcert=path`.',
    required: true,
  }),
  storage: input.text({
    setting: 'database.storage',
    description:
      'Where backups are stored: a folder on a disk that outlives the job, or `s3://bucket/prefix` with the keys in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of `env`.',
    required: true,
  }),
  migrations: input.path({
    setting: 'database.migrations',
    description:
      'Folder of the migrations in the repository, such as `db/migrations`. Empty: the project has none.',
  }),
  'keep-old': input.duration({
    setting: 'database.keep-old',
    description: 'How long a replaced database is kept beside the live one.',
    default: '7d',
  }),
} as const

type DatabaseStep = Pick<Step<typeof databaseInputs, string>, 'inputs' | 'env' | 'log' | 'secrets' | 'signal'>

/** Opens the database that the input names. @param scratch a folder for temporary files */
export async function openConnection(
  {
    inputs,
    env,
    log,
    secrets,
  }: Pick<Step<Pick<typeof databaseInputs, 'database-url'>, string>, 'inputs' | 'env' | 'log' | 'secrets'>,
  scratch: string,
): Promise<Engine> {
  const connection = readConnection('database.url', inputs['database-url'])
  if (connection.engine !== 'sqlite') secrets.add(connection.password)
  return openEngine(connection, { env, scratch, log: log.info })
}

/** Opens the database and the store that the inputs name. @param scratch a folder for temporary files */
export async function openDatabase(
  { inputs, env, log, secrets, signal }: DatabaseStep,
  scratch: string,
): Promise<{ readonly engine: Engine; readonly store: Store }> {
  const engine = await openConnection({ inputs, env, log, secrets }, scratch)
  for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) secrets.add(env[name] ?? '')
  const store = named('database.storage', () => openStore(inputs.storage, { env, fetch, signal }))
  return { engine, store }
}

/** Reads the address of a database. @throws InputError that names its setting and not the address, which holds the password */
export function readConnection(path: string, address: string): Connection {
  return named(path, () => parseConnection(address))
}

function named<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof InputError ? new InputError(message`${setting(path)} ${error}`) : error
  }
}

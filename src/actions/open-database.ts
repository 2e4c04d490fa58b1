import { readSetting } from '../errors.ts'
import { parseConnection, secretsOf } from '../layers/database/connection.ts'
import type { Engine } from '../layers/database/engine.ts'
import { openEngine } from '../layers/database/open.ts'
import { openStore } from '../layers/database/store/open.ts'
import type { Store } from '../layers/database/store/store.ts'
import type { Step } from '../runner/step.ts'
import { secretsOfTools } from '../settings/variables.ts'
import type { databaseInputs } from './database-inputs.ts'

type EngineStep = Pick<
  Step<Pick<typeof databaseInputs, 'database-url'>, string>,
  'inputs' | 'env' | 'log' | 'secrets'
>
type DatabaseStep = Pick<Step<typeof databaseInputs, string>, 'inputs' | 'env' | 'log' | 'secrets' | 'signal'>

/** Opens the database that the input names. @param scratch a folder for temporary files */
export async function openConnection(
  { inputs, env, log, secrets }: EngineStep,
  scratch: string,
): Promise<Engine> {
  const connection = readSetting('database.url', () => parseConnection(inputs['database-url']))
  for (const secret of secretsOf(connection)) secrets.add(secret)
  return openEngine(connection, { env, scratch, log: log.info })
}

/** Opens the database and the store that the inputs name. @param scratch a folder for temporary files */
export async function openDatabase(
  step: DatabaseStep,
  scratch: string,
): Promise<{ readonly engine: Engine; readonly store: Store }> {
  const { inputs, env, secrets, signal } = step
  const engine = await openConnection(step, scratch)
  for (const secret of secretsOfTools(env)) secrets.add(secret)
  const store = readSetting('database.storage', () => openStore(inputs.storage, { env, fetch, signal }))
  return { engine, store }
}

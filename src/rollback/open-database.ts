import { readSetting } from '../errors.ts'
import { openRevision } from '../github/revision.ts'
import { parseConnection } from '../layers/database/connection.ts'
import { openDatabaseLayer } from '../layers/database/layer.ts'
import { openEngine } from '../layers/database/open.ts'
import { openStore } from '../layers/database/store/open.ts'
import type { Layer } from '../layers/layer.ts'
import { type LayerSurroundings, readVariable } from './layer-surroundings.ts'
import { undoableOf } from './record.ts'

/** Opens the database as the settings describe it. @param findGood finds the revision that the code goes back to */
export async function openDatabase(
  surroundings: LayerSurroundings,
  findGood: () => Promise<string>,
): Promise<Layer> {
  const { repository, config, environment, bad, env, scratch, log, progress, automatic } = surroundings
  const settings = config.database
  if (settings === undefined) throw new TypeError('there is no database in the settings')
  const url = readVariable(env, 'database.url', settings.url.env)
  const connection = readSetting('database.url', () => parseConnection(url))
  const [engine, good, badRevision] = await Promise.all([
    openEngine(connection, { env, scratch, log }),
    findGood().then((sha) => openRevision(repository, sha)),
    openRevision(repository, bad, settings.migrations),
  ])
  const { migrations } = settings
  const earlier = progress.done.get('database')
  return openDatabaseLayer({
    engine,
    store: readSetting('database.storage', () => openStore(settings.storage, surroundings)),
    environment,
    bad: badRevision,
    migrations:
      migrations === undefined
        ? undefined
        : { folder: migrations, selection: { by: 'added', good }, command: undefined },
    strategy: settings.strategy ?? (migrations === undefined ? 'backup' : 'migrations'),
    allowDataLoss: settings.allowDataLoss,
    mayRestoreAlone: settings.mayRestoreAlone,
    automatic,
    keepOldMs: settings.keepOldMs,
    recipient: settings.recipient,
    identity: settings.identity && readVariable(env, 'database.identity', settings.identity.env),
    earlier: earlier && undoableOf(earlier),
    scratch,
    now: () => new Date(surroundings.now()),
    log,
    signal: surroundings.signal,
  })
}

import { InputError } from '../errors.ts'
import { readFile } from '../github/contents.ts'
import type { LayerName } from '../history/event.ts'
import { openCodeLayer } from '../layers/code/layer.ts'
import type { RestoreRequest } from '../layers/code/restore.ts'
import { parseConnection, secretsOf } from '../layers/database/connection.ts'
import type { Layer, LayerPlan } from '../layers/layer.ts'
import { openLazily } from '../layers/lazy-layer.ts'
import type { Config } from '../settings/schema.ts'
import { secretsOfTools } from '../settings/variables.ts'
import { isChosen, type LayerSurroundings } from './layer-surroundings.ts'

/**
 * The layers that can be rolled back, in the order in which they are: configuration first, as that takes effect at once; migrations
 * are undone before the code that has their scripts goes. What a layer takes is loaded when it is opened.
 */
const openers: readonly (readonly [
  LayerName,
  (config: Config) => boolean,
  (surroundings: LayerSurroundings, good: () => Promise<string>) => Promise<Layer>,
])[] = [
  [
    'flags',
    ({ flags }) => flags !== undefined,
    async (surroundings, good) => (await import('./open-flags.ts')).openFlags(surroundings, good),
  ],
  [
    'config',
    ({ config }) => config !== undefined,
    async (surroundings, good) =>
      (await import('./open-config.ts')).openConfig(surroundings, { good, commits: openFiles(surroundings) }),
  ],
  [
    'database',
    ({ database }) => database !== undefined,
    async (surroundings, good) => (await import('./open-database.ts')).openDatabase(surroundings, good),
  ],
  ['code', () => true, async (surroundings) => openCode(surroundings)],
  [
    'ota',
    ({ ota }) => ota !== undefined,
    async (surroundings) => (await import('./open-ota.ts')).openOta(surroundings),
  ],
]

/** Names of the layers that the settings have. */
export function availableLayers(config: Config): readonly LayerName[] {
  return openers.filter(([, isConfigured]) => isConfigured(config)).map(([name]) => name)
}

/** Opens them; what is wrong with one is said when it is planned. */
export function openLayers(surroundings: LayerSurroundings): readonly Layer[] {
  const found = Promise.withResolvers<string>()
  const onTarget = (sha: string) => {
    found.resolve(sha)
    surroundings.onTarget?.(sha)
  }
  const code = openLazily('code', async () => openCode(surroundings, { onTarget }))
  // one revision for all layers, known before the rest of the plan of the code is
  const good = () => Promise.race([found.promise, code.plan().then(({ view }) => view.to)])
  return openers
    .filter(([, isConfigured]) => isConfigured(surroundings.config))
    .map(([name, , open]) => (name === 'code' ? code : openLazily(name, () => open(surroundings, good))))
}

/** The secrets of the layers that the settings name, to keep them out of every text. */
export function secretsOfLayers(
  { database, ota, config, flags }: Config,
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const url = database && env[database.url.env]
  const connection = url ? parseOrNothing(url) : undefined
  const password = connection === undefined ? [] : secretsOf(connection)
  const values = [
    url,
    database?.identity && env[database.identity.env],
    ota?.accessKey && env[ota.accessKey.env],
    flags?.token && env[flags.token.env],
    flags?.client?.key && env[flags.client.key.env],
    config?.variablesToken && env[config.variablesToken.env],
  ]
  return [...secretsOfTools(env), ...password, ...values.flatMap((value) => (value ? [value] : []))]
}

function parseOrNothing(url: string) {
  try {
    return parseConnection(url)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/**
 * @param paths that go back; all of them when there are none
 * @param edit what they are to hold where it is not what the good revision has
 * @param onTarget called once the good revision is known
 */
function openCode(
  surroundings: LayerSurroundings,
  {
    paths = pathsOfCode(surroundings),
    ...more
  }: { readonly paths?: readonly string[] } & Pick<RestoreRequest, 'edit' | 'onTarget'> = {},
): Layer {
  const { repository, config, branch, environment, incident, bad, target, openClone } = surroundings
  const { delivery } = config.code
  const isDatabaseChosen = config.database !== undefined && isChosen(surroundings, 'database')
  return openCodeLayer({
    repository,
    rollback: {
      mode: 'restore',
      branch,
      environment,
      incident,
      bad,
      target,
      delivery,
      tagPattern: config.code.tagPattern,
      checks: config.code.checks,
      paths,
      ...more,
    },
    lookedAfter: new Set(isDatabaseChosen ? ['migrations'] : []),
    openClone,
    wishes: { labels: ['rollback'], reviewers: [], autoMerge: false },
    reason: surroundings.reason,
    by: surroundings.by,
    runUrl: surroundings.runUrl,
    now: () => new Date(surroundings.now()),
  })
}

/** Configuration files outside of the app's own paths go back by the same commit. */
function pathsOfCode(surroundings: LayerSurroundings): readonly string[] {
  const { paths, config } = surroundings.config
  const isRestored = config !== undefined && config.folder === undefined && isChosen(surroundings, 'config')
  return paths.length === 0 || !isRestored ? paths : [...paths, ...config.files]
}

/** Puts configuration files back by a commit; with the code, where that goes back, too. */
function openFiles(surroundings: LayerSurroundings): Layer {
  const { repository, config } = surroundings
  if (config.config === undefined || isChosen(surroundings, 'code')) return openCode(surroundings)
  const { ownCommits } = surroundings
  const { files, keys } = config.config
  const read = async (path: string, ref: string) => (await readFile(repository, { path, ref }))?.bytes
  const commit = openCode(surroundings, {
    paths: files,
    ...(keys.length > 0 && {
      edit: async (revisions) =>
        (await import('../layers/config/repository-files.ts')).editKeys({ files, keys, read })(revisions),
    }),
  })
  return { ...commit, plan: async () => onTopOf(ownCommits, commit, await commit.plan()) }
}

/** A commit on top of what an earlier layer of this run has committed since the plan: that alone may have moved the branch. */
function onTopOf(ownCommits: ReadonlyMap<string, string>, layer: Layer, plan: LayerPlan): LayerPlan {
  const { view } = plan
  const apply = async () => {
    const head = ownCommits.get(view.from)
    if (head === undefined) return plan.apply()
    const anew = await layer.plan()
    const isSame = anew.view.from === head && anew.view.to === view.to && anew.view.state === view.state
    // what somebody else has pushed is refused, as it was not planned for
    return (isSame ? anew : plan).apply()
  }
  return { ...plan, apply }
}

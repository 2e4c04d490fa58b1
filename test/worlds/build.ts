import type { HostedRepository } from '../support/github/hosted-repository.ts'
import { layersOf, type World } from './world.ts'

/** What a world is made of on the emulated GitHub, with a production for each environment that the test looks at from outside. */
export interface BuiltWorld {
  /** full ids of the commits on main, oldest first */
  readonly main: readonly string[]
  readonly feature: string
  /** a commit of a fork: readable by its id, on no branch */
  readonly fork: string
}

const files = (web: string, api: string, settings: string) => ({
  'web/state': `${web}\n`,
  'api/state': `${api}\n`,
  ...(settings !== '' && { '.github/rollback.yml': settings }),
  '.github/workflows/deploy.yml': 'on:\n  workflow_dispatch:\n    inputs: { revision: {} }\n',
})

/** What the last commit does to the database, and how that is undone. */
export const migration = {
  'db/1_stars.up.sql': 'ALTER TABLE product ADD stars;',
  'db/1_stars.down.sql': 'ALTER TABLE product DROP stars;',
}

/** Where the servers of a world are. */
export interface Servers {
  /** answers 200 below /ENVIRONMENT when what runs there is not broken */
  readonly serviceUrl: string
  readonly updatesUrl: string
  /** the app's channel */
  readonly channel: string
  /** a folder for backups */
  readonly storage: string
}

/** The text of the settings file. */
export function settingsOf(world: World, { serviceUrl, updatesUrl, channel, storage }: Servers): string {
  const { settings, redeploy, checks } = world
  if (settings === 'none') return ''
  const health = (environment: string) =>
    checks
      ? { checks: [{ name: 'home', type: 'http', url: `${serviceUrl}${environment}`, severity: 'critical' }] }
      : {}
  const shared = {
    health: { window: '200ms', interval: '100ms', timeout: '100ms' },
    rollback: { verify: '200ms', 'max-age': '7d' },
    code: codeOf(redeploy),
  }
  const has = layersOf(world)
  const layers = {
    ...(has.database && { database: { url: { env: 'DATABASE_URL' }, storage, migrations: 'db' } }),
    ...(has.ota && {
      ota: {
        'server-url': updatesUrl,
        'access-key': { env: 'CODEPUSH_ACCESS_KEY' },
        'server-kind': 'microsoft',
        channels: [channel],
        'verify-timeout': '1s',
      },
    }),
  }
  return JSON.stringify(
    settings === 'one'
      ? { ...shared, ...layers, health: { ...shared.health, ...health('production') } }
      : {
          ...shared,
          environments: {
            production: { paths: ['web'], health: health('production') },
            staging: { paths: ['api'], health: health('staging') },
          },
        },
  )
}

function codeOf(redeploy: World['redeploy']) {
  switch (redeploy) {
    case 'workflow':
      return { redeploy: { workflow: 'deploy.yml', inputs: { revision: '{revision}' }, timeout: '5s' } }
    case 'external':
      return { redeploy }
    case 'none':
      return {}
  }
}

export async function buildWorld(
  repository: HostedRepository,
  world: World,
  settings: string,
): Promise<BuiltWorld> {
  const { git } = repository
  const begun = Date.now() - 60 * 60 * 1000
  const write = async (
    parent: string | undefined,
    content: Readonly<Record<string, string>>,
    nth: number,
  ) => {
    const changes = await Promise.all(
      Object.entries(content).map(async ([path, text]) => ({
        path,
        mode: '100644',
        sha: await git.writeBlob(Buffer.from(text)),
      })),
    )
    const person = { name: 'Ada', email: 'ada@example.com', date: new Date(begun + nth * 1000) }
    return git.writeCommit({
      tree: await git.writeTree(parent, changes),
      parents: parent === undefined ? [] : [parent],
      message: `Change ${nth}`,
      author: person,
      committer: person,
    })
  }
  const main: string[] = []
  let [web, api] = ['good', 'good']
  for (const [index, commit] of world.commits.entries()) {
    if (commit.web !== 'same') web = `${commit.web} ${index}`
    if (commit.api !== 'same') api = `${commit.api} ${index}`
    const isLast = index === world.commits.length - 1
    const content = {
      ...files(web, api, settings),
      ...(isLast && layersOf(world).database && migration),
      [`log/${index}`]: '',
    }
    main.push(await write(main.at(-1), content, index))
  }
  const head = main.at(-1)
  // of an older commit, so that it has content that main never had, and was deployed as a hotfix is
  const feature = await write(main[0], { 'web/state': 'good feature\n' }, 50)
  const fork = await write(head, { 'web/state': 'broken fork\n' }, 60)
  if (head !== undefined) await git.moveRef('refs/heads/main', { from: '', to: head })
  await git.moveRef('refs/heads/feature', { from: '', to: feature })
  const creator = { login: 'ada', kind: 'user', permissions: {}, value: '', isBot: false } as const
  for (const [index, { of, environment, state, transient, task }] of world.deployments.entries()) {
    const sha = of === 'feature' ? feature : (main[of] ?? '')
    const createdAt = new Date(begun + 100_000 + index * 1000)
    const made = { creator, createdAt, environment }
    repository.deployments.unshift({
      ...made,
      id: repository.nextId(),
      sha,
      ref: sha,
      task,
      payload: '',
      description: null,
      transient,
      production: environment === 'production',
      statuses: [
        { ...made, id: repository.nextId(), state, description: '', logUrl: '', environmentUrl: '' },
      ],
    })
  }
  repository.roles.set('grace', 'write').set('reader', 'read')
  return { main, feature, fork }
}

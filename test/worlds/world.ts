import fc from 'fast-check'

/** A commit on main: what it makes of each app. */
export interface WorldCommit {
  readonly web: 'good' | 'broken' | 'same'
  readonly api: 'good' | 'broken' | 'same'
}

export interface WorldDeployment {
  /** index of the commit on main; `feature` for one on a branch of its own */
  readonly of: number | 'feature'
  readonly environment: 'production' | 'staging' | 'preview-1'
  readonly state: 'success' | 'failure' | 'waiting' | 'in_progress'
  readonly transient: boolean
  readonly task: 'deploy' | 'deploy:migrations'
}

export type WorldEvent =
  | { readonly kind: 'push' }
  | { readonly kind: 'workflow_run'; readonly of: number | 'feature' | 'fork'; readonly foreign: boolean }
  | {
      readonly kind: 'deployment_status'
      readonly of: number | 'feature' | 'fork'
      readonly environment: 'production' | 'staging' | 'preview-1'
      readonly transient: boolean
    }
  | { readonly kind: 'workflow_dispatch' }
  | { readonly kind: 'issue_comment'; readonly action: 'created' | 'edited'; readonly isAuthor: boolean }

/** The layers that the last deployment changed, beside the code. */
export function layersOf({ settings, database, ota }: World): {
  readonly database: boolean
  readonly ota: boolean
} {
  return { database: database && settings === 'one', ota: ota && settings === 'one' }
}

/** All that is there before a run, and what the run is asked for. */
export interface World {
  readonly commits: readonly WorldCommit[]
  readonly deployments: readonly WorldDeployment[]
  /** none: no settings file. one: production alone. apps: production from `web`, staging from `api`, one branch */
  readonly settings: 'none' | 'one' | 'apps'
  /** what is rolled back beside the code, where the settings describe production alone */
  readonly database: boolean
  readonly ota: boolean
  /** workflow: deploy.yml deploys. external: a later step does, which no world has. none: the settings do not say what deploys */
  readonly redeploy: 'workflow' | 'external' | 'none'
  readonly checks: boolean
  /** a deployment by deploy.yml fails so often */
  readonly failedDeploys: number
  readonly event: WorldEvent
  /** grace may write; reader, Copilot and the app may not */
  readonly actor: 'grace' | 'reader' | 'Copilot' | 'ci[bot]'
  readonly action: 'rollback' | 'git-rollback'
  readonly inputs: {
    readonly environment: '' | 'production' | 'staging' | 'prodcution'
    readonly target: '' | 'HEAD~1' | 'HEAD~9'
    readonly revision: '' | 'head' | 'feature' | 'fork'
    readonly mode: 'auto' | 'plan'
    readonly hold: '' | 'audit'
    /** of git-rollback, in each run */
    readonly paths: readonly ('' | 'web' | 'api')[]
    /** of git-rollback: from this run on, no commit may be undone automatically */
    readonly strictFrom: 1 | 2 | 3
  }
  /** how often the same run is done */
  readonly times: 1 | 2
}

/** A choice whose first option comes up most often, so that most worlds are near to what happens. */
function mostly<T extends string | number | boolean>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 10, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(usual, ...others) },
  )
}

const state = fc.constantFrom('good' as const, 'broken' as const, 'same' as const)
const environment = mostly<'production' | 'staging' | 'preview-1'>('production', 'staging', 'preview-1')
const place = (last: number) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.nat({ max: last }) },
    { weight: 1, arbitrary: fc.constant('feature' as const) },
  )
const anywhere = (last: number) =>
  fc.oneof({ weight: 4, arbitrary: place(last) }, { weight: 1, arbitrary: fc.constant('fork' as const) })

const event = (last: number): fc.Arbitrary<WorldEvent> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('push' as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('workflow_dispatch' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('workflow_run' as const),
        of: fc.oneof({ weight: 3, arbitrary: fc.constant(last) }, { weight: 1, arbitrary: anywhere(last) }),
        foreign: mostly<boolean>(false, true),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('deployment_status' as const),
        of: fc.oneof({ weight: 3, arbitrary: fc.constant(last) }, { weight: 1, arbitrary: anywhere(last) }),
        environment,
        transient: mostly<boolean>(false, true),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('issue_comment' as const),
        action: mostly<'created' | 'edited'>('created', 'edited'),
        isAuthor: mostly<boolean>(true, false),
      }),
    },
  )

/** Each commit was deployed to production, and the first one to staging. @param hotfix so was the feature, just before the last one */
function usualDeployments(last: number, hotfix: boolean): readonly WorldDeployment[] {
  const usual = { state: 'success', transient: false, task: 'deploy' } as const
  return [
    { ...usual, of: 0, environment: 'staging' },
    ...Array.from({ length: last }, (_, of) => ({ ...usual, of, environment: 'production' as const })),
    ...(hotfix ? [{ ...usual, of: 'feature', environment: 'production' } as const] : []),
    { ...usual, of: last, environment: 'production' },
  ]
}

/** Worlds, most of them with a good deployment and a broken one after it. */
const anyWorlds: fc.Arbitrary<World> = fc.integer({ min: 1, max: 4 }).chain((last) =>
  fc.record({
    commits: fc.array(fc.record({ web: state, api: state }), { minLength: last + 1, maxLength: last + 1 }),
    deployments: fc
      .tuple(
        fc.array(
          fc.record({
            of: place(last),
            environment,
            state: mostly<WorldDeployment['state']>('success', 'failure', 'waiting', 'in_progress'),
            transient: mostly<boolean>(false, true),
            task: mostly<WorldDeployment['task']>('deploy', 'deploy:migrations'),
          }),
          { maxLength: 4 },
        ),
        fc.integer({ min: 0, max: 5 }),
      )
      .map(([random, usual]) =>
        usual === 0 ? random : [...usualDeployments(last, usual === 1), ...random.slice(0, 2)],
      ),
    settings: fc.constantFrom(
      'none' as const,
      'one' as const,
      'one' as const,
      'apps' as const,
      'apps' as const,
    ),
    database: fc.boolean(),
    ota: fc.boolean(),
    redeploy: fc.constantFrom(
      'workflow' as const,
      'workflow' as const,
      'workflow' as const,
      'external' as const,
      'none' as const,
    ),
    checks: fc.constantFrom(true, true, false),
    failedDeploys: mostly<number>(0, 1),
    event: event(last),
    actor: mostly<World['actor']>('grace', 'reader', 'Copilot', 'ci[bot]'),
    action: fc.constantFrom('rollback' as const, 'rollback' as const, 'git-rollback' as const),
    inputs: fc.record({
      environment: mostly<World['inputs']['environment']>('', 'production', 'staging', 'prodcution'),
      target: mostly<World['inputs']['target']>('', 'HEAD~1', 'HEAD~9'),
      revision: mostly<World['inputs']['revision']>('', 'head', 'feature', 'fork'),
      mode: mostly<World['inputs']['mode']>('auto', 'plan'),
      hold: mostly<World['inputs']['hold']>('', 'audit'),
      paths: fc.tuple(
        mostly<'' | 'web' | 'api'>('', 'web', 'api'),
        fc.constantFrom('' as const, 'web' as const, 'api' as const),
      ),
      strictFrom: fc.constantFrom(1 as const, 2 as const, 2 as const, 3 as const, 3 as const),
    }),
    times: fc.constantFrom(1 as const, 2 as const),
  }),
)

/** The deployment of a rollback fails, and the next automatic run is asked for something else, which it may not do. */
function askedAnew(world: World): World {
  const usual = { environment: '', target: '', revision: '', mode: 'auto', hold: '', strictFrom: 2 } as const
  const [, second = ''] = world.inputs.paths
  const commits: World['commits'] = [...world.commits.slice(0, -1), { web: 'broken', api: 'broken' }]
  return {
    ...world,
    ...{ action: 'git-rollback', redeploy: 'workflow', failedDeploys: 1, event: { kind: 'push' }, times: 2 },
    ...{ settings: 'one', database: false, ota: false, commits },
    inputs: { ...world.inputs, ...usual, paths: ['web', second === 'web' ? 'api' : second] },
  }
}

/** The event is of one environment, and the input names another one, which the settings have, too. */
function namedElse(world: World): World {
  const of = world.commits.length - 1
  const event = { kind: 'deployment_status', of, environment: 'production', transient: false } as const
  return {
    ...world,
    ...{ settings: 'apps', event },
    inputs: { ...world.inputs, environment: 'staging', revision: '', mode: 'auto' },
  }
}

/** Worlds of every kind, and more of those in which one run meets what another one left. */
export const worlds: fc.Arbitrary<World> = fc.oneof(
  { weight: 12, arbitrary: anyWorlds },
  { weight: 2, arbitrary: anyWorlds.map(askedAnew) },
  { weight: 1, arbitrary: anyWorlds.map(namedElse) },
)

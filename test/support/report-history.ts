import { createHash } from 'node:crypto'
import { type Event, type EventDraft, type LayerName, newEvent } from '../../src/history/event.ts'
import type { DeploymentFact } from '../../src/views/report/report.ts'

const minute = 60_000
const hour = 60 * minute

/** The same sequence for a seed on every machine: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function revisionOf(name: string): string {
  return createHash('sha1').update(name).digest('hex')
}

export interface HistoryPlan {
  readonly seed: number
  /** of the first deployment */
  readonly from: Date
  readonly days: number
  readonly deploymentsADay: number
  /** share of deployments that fail in the environment */
  readonly failing?: number
  /** share of rollbacks that succeed */
  readonly succeeding?: number
  /** clocks of runners are off by up to so much, ms */
  readonly skewMs?: number
  /** share of deployments that GitHub has a record of */
  readonly recorded?: number
  /** share of good deployments after which a rehearsal is held */
  readonly rehearsing?: number
  /** among which deployments are, by chance */
  readonly environments?: readonly [string, ...string[]]
  /** put into reasons and names of checks */
  readonly text?: string
}

/** A history as years of use leave it: deployments that are watched, fail, are rolled back in one run or several, rehearsals, holds. */
export function generateHistory({
  seed,
  from,
  days,
  deploymentsADay,
  failing = 0.25,
  succeeding = 0.75,
  skewMs = 0,
  recorded = 0.7,
  rehearsing = 0.05,
  environments = ['production', 'production', 'staging', 'größe "eu"'],
  text = '',
}: HistoryPlan): { readonly events: readonly Event[]; readonly facts: readonly DeploymentFact[] } {
  const random = randomOf(seed)
  const events: Event[] = []
  const facts: DeploymentFact[] = []
  const pick = <T>(...among: readonly [T, ...T[]]): T =>
    among[Math.floor(random() * among.length)] ?? among[0]
  const upTo = (most: number) => Math.floor(random() * most)
  let count = 0

  const deploy = (deployedAt: number) => {
    count += 1
    const environment = pick(...environments)
    const revision = revisionOf(`${seed} ${count}`)
    const incident = `${environment.replace(/\W/g, '')}-${revision.slice(0, 12)}`
    let number = 0
    const run = {
      id: String(count),
      attempt: 1,
      url: `https://github.com/octo-org/shop/actions/runs/${count}`,
    }
    type Told = EventDraft extends infer D
      ? D extends EventDraft
        ? Omit<D, 'incident' | 'environment' | 'revision' | 'at' | 'actor' | 'run'>
        : never
      : never
    const tell = (at: number, told: Told) => {
      number += 1
      const when = new Date(at + (skewMs === 0 ? 0 : upTo(2 * skewMs) - skewMs)).toISOString()
      const draft = { ...told, incident, environment, revision, at: when, actor: 'grace', run }
      events.push(newEvent(draft, [String(number)]))
    }
    const isRecorded = random() < recorded
    if (isRecorded) {
      const outcome = pick('succeeded', 'succeeded', 'succeeded', 'succeeded', 'failed', 'pending')
      facts.push({
        repository: '',
        ...{ environment, revision, outcome },
        createdAt: deployedAt - upTo(10 * minute),
        deployedAt: outcome === 'succeeded' ? deployedAt : undefined,
        committedAt: random() < 0.9 ? deployedAt - upTo(72 * hour) : undefined,
        isRollback: random() < 0.05,
      })
    }
    const watch = deployedAt + upTo(minute)
    const isBad = random() < failing
    const isNoticed = random() < 0.8
    const look = (at: number, verdict: 'healthy' | 'unhealthy' | 'inconclusive' | 'not-deployed') =>
      tell(at, {
        kind: 'health-checked',
        verdict,
        decision: verdict === 'unhealthy' ? 'roll-back' : 'keep',
        reasonCode: 'checked',
        because: 'it was looked at',
        startedAt: new Date(watch).toISOString(),
        checks: [
          {
            name: `errors${text}`,
            severity: 'critical',
            state: verdict === 'unhealthy' ? 'breached' : 'ok',
            evidence: 'looked',
            ...(verdict === 'unhealthy' &&
              random() < 0.8 && { failingSince: new Date(watch + upTo(minute)).toISOString() }),
          },
        ],
      })
    if (random() < 0.1) look(watch + minute, 'not-deployed')
    if (!isBad) {
      if (random() < 0.9) look(watch + 2 * minute, pick('healthy', 'healthy', 'inconclusive'))
      // customers use production: a rehearsal of it is refused
      if (random() < rehearsing && environment !== 'production') rehearse(watch + hour)
      return
    }
    if (isNoticed) look(watch + 2 * minute, 'unhealthy')
    if (random() < 0.1) look(watch + 3 * minute, 'unhealthy')
    rollBack(watch + 4 * minute)

    function rehearse(at: number) {
      const layers = [{ layer: 'code', from: revision, to: revisionOf('good') }] as const
      // one that people thought better of, and that is no rehearsal, looks the same but for this
      const isMarked = random() < 0.7
      tell(at, { ...began(at, layers, false, 'rehearsal'), ...(isMarked && { rehearsal: true }) })
      tell(at + minute, applied('code', false, at))
      // a restored revision that was there before, or a commit of its own
      deployed(
        at + 90_000,
        pick(revisionOf(`${seed} ${count - 1}`), revisionOf(`rehearsed ${seed} ${count}`)),
      )
      const ending = pick('complete', 'complete', 'complete', 'not-verified', 'not-recovered')
      const saw = (seenAt: number, outcome: 'recovered' | 'unknown' | 'not-recovered') =>
        tell(seenAt, {
          kind: 'recovery-verified',
          ...{ outcome, because: `looked${text}`, startedAt: new Date(seenAt).toISOString() },
        })
      saw(
        at + 2 * minute,
        ending === 'complete' ? 'recovered' : ending === 'not-verified' ? 'unknown' : 'not-recovered',
      )
      tell(at + 2 * minute, ended(ending, layers))
      tell(at + 3 * minute, {
        kind: 'rollback-undone',
        layer: 'code',
        from: revisionOf('good'),
        now: revision,
        because: 'rehearsed',
      })
      deployed(at + 4 * minute, pick(revision, revisionOf(`again ${seed} ${count}`)))
      if (random() < 0.8) saw(at + 5 * minute, pick('recovered', 'recovered', 'recovered', 'unknown'))
    }

    /** A deployment that the history knows of, and GitHub or a check, perhaps, too. */
    function deployed(at: number, which: string) {
      const url = run.url
      tell(at, { kind: 'revision-deployed', deployed: which, workflow: 'deploy.yml', url })
      if (random() < 0.5)
        facts.push({
          ...{ repository: '', environment, revision: which, outcome: 'succeeded', isRollback: false },
          ...{ createdAt: at - minute, deployedAt: at - 1000, committedAt: at - 2 * minute },
        })
      if (random() < 0.3) {
        const verdict = random() < 0.2 ? ('unhealthy' as const) : ('healthy' as const)
        const decision = verdict === 'unhealthy' ? 'roll-back' : 'keep'
        events.push(
          newEvent(
            {
              ...{
                kind: 'health-checked',
                verdict,
                decision,
                reasonCode: 'checked',
                because: '',
                checks: [],
              },
              ...{ incident: `${environment.replace(/\W/g, '')}-${which.slice(0, 12)}`, environment },
              ...{ revision: which, at: new Date(at + 30_000).toISOString(), actor: 'grace', run },
              startedAt: new Date(at + 1000).toISOString(),
            },
            [`of ${count}`],
          ),
        )
      }
    }

    function rollBack(at: number) {
      const names = pick<readonly LayerName[]>(
        ['code'],
        ['code'],
        ['database', 'code'],
        ['ota'],
        ['flags', 'config', 'code'],
      )
      const layers = names.map((layer) => ({ layer, from: revision, to: revisionOf('good') }))
      const automatic = random() < 0.7
      const reason = `${pick('errors', 'latency', 'a customer called', 'crashes')}${text}`
      if (random() < 0.05) {
        // a database that is restored alone has neither a beginning nor an end
        tell(at, random() < 0.7 ? applied('database', false, at) : failed('database'))
        return
      }
      const attempts = random() < 0.2 ? 2 : 1
      let now = at
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        tell(now, began(now, layers, automatic, reason))
        now += upTo(5 * minute) + 1
        const isGood = random() < succeeding
        for (const layer of names) {
          tell(now, isGood || random() < 0.5 ? applied(layer, automatic, now) : failed(layer))
          now += upTo(2 * minute) + 1
        }
        if (isGood && names.includes('code')) {
          const deployed = revisionOf(`restored ${count} ${attempt}`)
          tell(now, { kind: 'revision-deployed', deployed, workflow: 'deploy.yml', url: run.url })
          if (random() < 0.3)
            facts.push({
              repository: '',
              ...{ environment, revision: deployed, outcome: 'succeeded', isRollback: false },
              ...{ createdAt: now, deployedAt: now + minute, committedAt: now - minute },
            })
          now += upTo(6 * minute) + 1
        }
        if (random() < 0.05) continue
        const ending = isGood
          ? pick(
              'complete',
              'complete',
              'complete',
              'rolled-back',
              'not-verified',
              'not-deployed',
              'proposed',
            )
          : pick('failed', 'partial', 'undone', 'not-recovered')
        tell(now, ended(ending, layers))
        const isSeen = ending === 'complete' || random() < 0.4
        if (isSeen)
          tell(now + upTo(minute), {
            kind: 'recovery-verified',
            outcome: ending === 'complete' ? 'recovered' : pick('recovered', 'unknown', 'not-recovered'),
            because: 'it was looked at',
            startedAt: new Date(now).toISOString(),
          })
        now += hour
      }
    }

    function began(
      at: number,
      layers: readonly { readonly layer: LayerName; readonly from: string; readonly to: string }[],
      automatic: boolean,
      reason: string,
    ): Told {
      const startedAt = new Date(at - upTo(minute)).toISOString()
      return { kind: 'rollback-began', layers: [...layers], reason, automatic, startedAt }
    }

    function ended(
      outcome:
        | 'complete'
        | 'rolled-back'
        | 'failed'
        | 'partial'
        | 'undone'
        | 'proposed'
        | 'not-recovered'
        | 'not-verified'
        | 'not-deployed',
      layers: readonly { readonly layer: LayerName }[],
    ): Told {
      const became =
        outcome === 'failed'
          ? 'failed'
          : outcome === 'undone'
            ? 'undone'
            : outcome === 'proposed'
              ? 'proposed'
              : 'rolled-back'
      return {
        kind: 'rollback-ended',
        outcome,
        layers: layers.map(({ layer }) => ({ layer, outcome: became })),
        phases: Object.fromEntries([
          ['plan', upTo(5000)],
          ...layers.map(({ layer }) => [layer, upTo(120_000)] as const),
        ]),
      }
    }

    function applied(layer: LayerName, automatic: boolean, at: number): Told {
      const to = revisionOf('good')
      return {
        kind: 'rollback-applied',
        ...{
          layer,
          from: revision,
          to,
          automatic,
          reason: 'applied',
          targetFoundBy: 'the last good deployment',
        },
        now: random() < 0.3 ? to : revisionOf(`now ${count}`),
        undone: [],
        startedAt: new Date(at).toISOString(),
        ...(layer === 'database' && random() < 0.5 && { kept: { database: 'kept' } }),
      }
    }

    function failed(layer: LayerName): Told {
      return {
        kind: 'rollback-failed',
        layer,
        from: revision,
        to: '',
        reasonCode: 'refused',
        because: `refused${text}`,
      }
    }
  }

  for (let day = 0; day < days; day += 1)
    for (let each = 0; each < deploymentsADay; each += 1)
      deploy(from.getTime() + day * 24 * hour + upTo(24 * hour))
  return { events: events.sort((a, b) => (a.at < b.at ? -1 : 1)), facts }
}

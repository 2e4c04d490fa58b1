/** 18: what an SRE lead asks of a post-mortem, and the events can answer. */
import { describe, expect, test } from '@jest/globals'
import type { CheckOutcome } from '../../../src/history/check-outcome.ts'
import { writeFactsSection } from '../../../src/views/postmortem/document.ts'
import { type Evidence, noEvidence } from '../../../src/views/postmortem/evidence.ts'
import { bad, began, ended, event, factsOf, healthChecked, recoveryVerified, rolledBack } from './example.ts'

const links = { repositoryUrl: 'https://github.com/octo-org/shop' }
const deployment: Evidence['deployment'] = {
  id: 5,
  createdAt: new Date('2026-11-24T03:05:00.000Z'),
  succeededAt: new Date('2026-11-24T03:08:00.000Z'),
  by: { login: 'linus', isBot: false },
  url: 'https://github.com/octo-org/shop/actions/runs/6',
}
const commit = (revision: string, changes: Partial<Evidence['commits'][number]> = {}) => ({
  ...{ revision, title: `Change ${revision[0]}`, author: 'Linus', pulls: [], files: [] },
  ...changes,
})
const pull = (number: number, title: string) => ({
  ...{ number, title, merged: true, nodeId: '' },
  url: `https://github.com/octo-org/shop/pull/${number}`,
})
const write = (events: Parameters<typeof factsOf>[0], evidence: Partial<Evidence> = {}) =>
  writeFactsSection(factsOf(events), links, { ...noEvidence, ...evidence })
/** The lines of a section, from its heading to the next. */
const section = (text: string, title: string) =>
  text.split(/^## /m).find((each) => each.startsWith(title)) ?? ''

/** A check that was watched for eight rounds, of which the last five were bad. */
const watched: CheckOutcome = {
  ...{ name: 'homepage', severity: 'critical', state: 'breached', evidence: '62.5 %, limit 5 %' },
  ...{ unit: 'ratio', limit: { max: 0.05, text: 'at most 5 %' }, forMs: 60_000, failures: { bad: 5, of: 8 } },
  failingSince: '2026-11-24T03:09:11.168Z',
  samples: Array.from({ length: 8 }, (_, n) => ({
    at: new Date(Date.parse('2026-11-24T03:08:26.168Z') + n * 15_000).toISOString(),
    state: n < 3 ? 'ok' : 'breached',
    value: n < 3 ? 0 : 1,
  })),
}
const detected = healthChecked({ checks: [watched] })
const recovered = recoveryVerified({
  ...{ outcome: 'recovered', because: 'it is up', at: '2026-11-24T03:18:00.000Z' },
})

describe('the clock', () => {
  test('starts at the deployment and the first bad answer, and not at the watch', () => {
    const text = section(write([detected, rolledBack(), recovered], { deployment }), 'How long it took')
    expect(text).toContain('| Time to detect | **2 min 11 s** | the deployment | the detection |')
    expect(text).toContain('**1 min** | the first bad answer | the detection |')
    expect(text).toContain('| Time to recover | **10 min** | the deployment | the verified recovery |')
    expect(text).toContain('| Production failing | **8 min 49 s** | the first bad answer |')
    expect(text).not.toContain('watch')
  })

  test('has the deployment at T-0, with its pull requests and who deployed', () => {
    const commits = [commit('c'.repeat(40), { pulls: [pull(12, 'Raise | the `price`')] })]
    const rows = section(write([detected, rolledBack()], { deployment, commits }), 'Timeline').split('\n')
    expect(rows[4]).toContain('| 2026-11-24 03:08:00 | 0 | `bbbbbbb` was deployed to `production`')
    expect(rows[4]).toContain('(https://github.com/octo-org/shop/pull/12)')
    expect(rows[4]).toContain('`deployment (linus)`')
    expect(rows[5]).toMatch(/03:09:11 \| \+1 min 11 s \| first bad answer/)
  })

  test('moves the deployment before the first bad answer, when GitHub had it as a success only later', () => {
    const late = { ...deployment, succeededAt: new Date('2026-11-24T03:12:00.000Z') }
    const text = section(write([detected], { deployment: late }), 'How long it took')
    expect(text).toContain('| Time to detect | **1 min** | the deployment |')
  })

  test('says so when there is no deployment to count from, and what could not be read', () => {
    const text = write([detected], {
      unread: ['could not read the deployment: `deployments: read` is missing'],
    })
    expect(text).toContain('GitHub has no deployment of this revision that could be read')
    expect(text).toContain('Not read:\n\n- could not read the deployment')
  })
})

describe('who acted', () => {
  const by = (events: Parameters<typeof factsOf>[0]) =>
    section(write(events), 'Timeline')
      .split('\n')
      .filter((line) => /^\| 2026/.test(line))
      .map((line) => /\[?`([^`]+)`\]?[^`]*\|$/.exec(line)?.[1])

  test('is the gate and the rollback, and never a person who did nothing', () => {
    expect(by([detected, began(), rolledBack(), recovered])).toEqual([
      ...['health-gate', 'health-gate'],
      ...['rollback (automatic)', 'rollback (automatic)', 'rollback (automatic)'],
    ])
    expect(write([detected, began(), rolledBack(), recovered])).not.toContain('grace')
  })

  test('names whoever started the rollback, and whoever acknowledged', () => {
    const acknowledged = event({
      ...{ kind: 'incident-acknowledged', because: 'I am on it' },
      ...{ incident: detected.incident, environment: 'production', revision: bad, actor: 'ada' },
      at: '2026-11-24T03:11:00.000Z',
    })
    const events = [
      detected,
      acknowledged,
      began({ automatic: false, actor: 'grace' }),
      rolledBack({ automatic: false }),
    ]
    expect(by(events).slice(2)).toEqual(['ada', 'rollback (started by grace)', 'rollback (started by grace)'])
    expect(write(events)).toContain('| Time to acknowledge | **49 s** |')
  })
})

test('ManoManoTech/firefighter-incident#336, #365: times are UTC with T+, and a note of an earlier time corrects the timeline', () => {
  const noted = event({
    ...{ kind: 'incident-noted', note: 'support had the first call', happenedAt: '2026-11-24T03:08:30.000Z' },
    ...{ incident: detected.incident, environment: 'production', revision: bad, actor: 'ada' },
    at: '2026-11-24T09:00:00.000Z',
  })
  const rows = section(write([detected, rolledBack(), noted], { deployment }), 'Timeline').split('\n')
  expect(rows[2]).toContain('time (UTC)')
  expect(rows[5]).toBe('| 2026-11-24 03:08:30 | +30 s | support had the first call | `ada` |')
})

describe('impact and severity', () => {
  test('are numbers: minutes, bad requests, and users where a check says so', () => {
    const assessed = event({
      ...{ kind: 'impact-assessed', because: 'fewer orders' },
      ...{ incident: detected.incident, environment: 'production', revision: bad, actor: 'grace' },
      ...{ at: '2026-11-24T03:12:00.000Z', startedAt: '2026-11-24T03:11:00.000Z' },
      checks: [
        { name: 'active-users', before: 900, after: 250, harmed: true, evidence: '' },
        { name: 'orders', before: 40, after: 2, harmed: true, evidence: '' },
      ],
    })
    const text = section(write([detected, assessed, rolledBack(), recovered]), 'Impact')
    const row = (name: string) => text.split('\n').find((line) => line.startsWith(`| ${name}`))
    expect(row('users')).toContain('Failing for 8 min 49 s.')
    expect(row('users')).toContain('`homepage`: 5 of 8 bad (62.5 %) until the detection.')
    expect(row('users')).toContain('`active-users`: 900 before the deployment, 250 after it, which is worse.')
    expect(row('business')).toContain('`orders`: 40 before the deployment, 2 after it')
    expect(row('systems')).toContain('Rolled back: code.')
    expect(write([detected])).toContain('| Severity | **critical**, by the failing checks |')
  })

  test('of an incident that is not over say so, and not a duration', () => {
    const text = section(write([detected, rolledBack(), recoveryVerified()]), 'Impact')
    expect(text).toContain('Failing since 2026-11-24 03:09:11 UTC; the last look found: not-recovered.')
  })
})

describe('the chart', () => {
  test('is of the check that called it, with its limit', () => {
    const text = section(write([detected]), 'Check results')
    expect(text).toContain('```mermaid\n%%{init')
    expect(text).toContain('line [0, 0, 0, 100, 100, 100, 100, 100]')
    expect(text).toContain('line [5, 5, 5, 5, 5, 5, 5, 5]')
  })

  test('is not drawn of an event without rounds, as those of before', () => {
    expect(write([healthChecked()])).not.toContain('mermaid')
  })
})

describe('the decision log', () => {
  test('says why not sooner: the verdict of each round in words', () => {
    const text = section(write([detected, began(), rolledBack()]), 'Decision log')
    expect(text).toContain(
      '| 2026-11-24 03:08:26 | `homepage`: 3 rounds, not an issue yet | it was within its limit (at most 5 %) |',
    )
    expect(text).toContain(
      '| 2026-11-24 03:09:11 | `homepage`: 4 rounds, not an issue yet | it was beyond its limit, but for less than 1 min |',
    )
    expect(text).toContain('| `homepage`: 1 round, an issue | it was beyond its limit for long enough |')
    expect(text).toMatch(/health gate: \*\*unhealthy\*\*, roll back/)
    expect(text).toMatch(/roll back code to aaaaaaa .*no approval required/)
  })

  test('says of a count that it was too few to exclude chance', () => {
    const counted = healthChecked({
      checks: [
        {
          ...watched,
          samples: watched.samples?.map((each) => ({ ...each, state: 'undecided' as const })),
        },
      ],
    })
    expect(section(write([counted]), 'Decision log')).toContain(
      'there were too few answers to rule out chance',
    )
  })
})

describe('the rollback analysis', () => {
  test('has method, outcome, duration, safety copy and what stood in the way, per layer', () => {
    const database = rolledBack({
      ...{ layer: 'database', from: '2_amount', to: '1_products', now: '1_products', undone: [] },
      ...{ kept: { backup: 'b-7' }, wayBack: undefined, deploys: undefined },
    })
    const refused = event({
      ...{ kind: 'rollback-failed', layer: 'database', from: '2_amount', to: '1_products' },
      ...{ incident: detected.incident, environment: 'production', revision: bad, actor: 'grace' },
      ...{ at: '2026-11-24T03:12:00.000Z', reasonCode: 'unavailable', because: 'the server did not answer' },
    })
    const text = section(
      write([detected, began(), refused, database, rolledBack(), ended()]),
      'Rollback analysis',
    )
    expect(text).toMatch(/\| code \| .* \| rollback commit \| \*\*rolled back\*\* \| 4 s \| none \| none \|/)
    expect(text).toMatch(
      /\| database \| .* \| down migrations \| \*\*rolled back\*\* \| 2 s \| `b-7` \| unavailable: the server did not answer \|/,
    )
    expect(text).toContain(
      'From the first check of the rollback to the verified recovery, as in the job summary: **5 min**',
    )
    expect(text).toContain('| deploy | 1 min | 87 % |')
  })
})

describe('suspects', () => {
  const [docs, code, migration] = ['1', '2', '3'].map((n) => n.repeat(40)) as [string, string, string]
  const file = (path: string, additions = 1) => ({ path, additions, deletions: 0 })
  const commits = [
    commit(code, {
      title: 'Sort',
      author: 'Grace',
      files: [file('src/catalogue.ts', 30)],
      pulls: [pull(9, 'Sort')],
    }),
    commit(migration, { title: 'Rename', files: [file('db/2_amount.up.sql')] }),
    commit(docs, { title: 'Write', author: 'Ada', files: [file('docs/README.md', 300)] }),
  ]
  const order = (text: string) => [...text.matchAll(/commit\/(\d)/g)].map(([, n]) => n)

  test('are ranked: what the failing check names first, a migration before the rest, documentation last', () => {
    const failing = healthChecked({
      checks: [{ ...watched, evidence: 'TypeError at sort (/srv/shop/src/catalogue.ts:12:3)' }],
    })
    const database = rolledBack({
      ...{ layer: 'database', from: '2', to: '1', now: '1', deploys: undefined },
      undone: [{ revision: bad, title: '2_amount', author: '' }],
    })
    const text = section(write([failing, database, rolledBack()], { commits }), 'Suspects')
    expect(order(text)).toEqual(['2', '3', '1'])
    expect(text).toContain(
      'it changes src/catalogue.ts, which the failing check names as /srv/shop/src/catalogue.ts:12:3',
    )
    expect(text).toContain('it added 2_amount, which was undone')
    expect(text).toContain('it changes only documentation or tests')
    expect(text).toMatch(/`Sort` \| `Grace` \| \[.*pull\/9\) `Sort` \| `src\/catalogue\.ts` \+30 −0/)
  })

  test.each([
    ['a route of the settings', 'GET https://shop.example/checkout/7?x=1 status 500', '/checkout/7'],
    ['the longest route of the settings', 'GET /checkout/7 status 500', '/checkout/7'],
  ])('change what serves %s: first, and the text says why', (_, evidence, named) => {
    const own = [
      ...commits,
      commit('4'.repeat(40), { files: [file('lib/pay/card.ts')] }),
      commit('5'.repeat(40), { files: [file('lib/payments.ts', 90)] }),
    ]
    const failing = healthChecked({ checks: [{ ...watched, evidence }] })
    const routes = { '/': ['src'], '/checkout': ['lib/pay'], '/checkout/refund': ['db'] }
    const text = writeFactsSection(factsOf([failing]), { ...links, routes }, { ...noEvidence, commits: own })
    const suspects = section(text, 'Suspects')
    expect(order(suspects)[0]).toBe('4')
    expect(suspects).toContain(
      'it changes lib/pay/card.ts, which serves the route /checkout by postmortem.routes; the failing check names ',
    )
    expect(suspects.replaceAll('\\', '')).toContain(named)
    expect(order(section(write([failing], { commits: own }), 'Suspects'))[0]).not.toBe('4')
  })

  test.each([
    ['python', 'File "/app/shop/views.py", line 12, in sort', 'shop/views.py', true],
    ['a file name alone, as of Java', 'at shop.Cart.sort(Cart.java:42)', 'src/shop/Cart.java', true],
    ['a file name that is everywhere', 'at index.ts:4', 'src/shop/index.ts', false],
    ['a dependency', 'at x (/app/node_modules/y/src/list.ts:4:1)', 'src/list.ts', false],
    ['a host with a port', 'connect cache.internal:6379', 'ops/cache.internal', false],
    ['another file that ends alike', 'at /app/src/cart.ts:4', 'src/art.ts', false],
  ])('a stack frame of %s: %s', (_, evidence, path, isNamed) => {
    const failing = healthChecked({ checks: [{ ...watched, evidence }] })
    const own = [commit(code, { files: [file(path)] })]
    const text = section(write([failing], { commits: own }), 'Suspects')
    expect(text.includes('which the failing check names as')).toBe(isNamed)
  })

  test('whose files were not read are listed all the same', () => {
    const text = section(write([detected], { commits: [commit(code, { files: undefined })] }), 'Suspects')
    expect(text).toContain('| not read | no evidence |')
  })
})

describe('earlier incidents', () => {
  const old = 'e'.repeat(40)
  const about = { incident: `production-${old.slice(0, 12)}`, revision: old }
  const earlier = [
    healthChecked({ ...about, at: '2026-11-10T03:00:00.000Z' }),
    rolledBack({ ...about, from: old, at: '2026-11-10T03:05:00.000Z' }),
    event({
      ...{ kind: 'postmortem-opened', issue: 3, url: 'https://github.com/octo-org/shop/issues/3' },
      ...{ ...about, environment: 'production', actor: 'grace', at: '2026-11-10T03:06:00.000Z' },
    }),
  ]

  test('with the same check, files or layer are linked', () => {
    const text = section(
      write([...earlier, detected, rolledBack()], {
        sameFiles: new Map([[about.incident, ['src/price.ts']]]),
      }),
      'Earlier incidents',
    )
    expect(text).toContain('This is incident 2 of `production` in 30 days.')
    expect(text).toMatch(
      /\| 2026-11-10 03:00:00 \| `eeeeeee` \| \[.*issues\/3\) \| `homepage` \| `src\/price.ts` \| code \|/,
    )
  })

  test('with nothing in common, of another environment, or older than half a year are none', () => {
    const other = earlier.map((each) => ({ ...each, environment: 'staging' }))
    const ancient = earlier.map((each) => ({ ...each, at: each.at.replace('2026-11', '2026-03') }))
    const unlike = [healthChecked({ ...about, at: '2026-11-10T03:00:00.000Z', checks: [] })]
    for (const events of [other, ancient, unlike])
      expect(write([...events, detected, rolledBack()])).not.toContain('Earlier incidents')
  })
})

test('a rehearsal is no incident', () => {
  const events = [began({ rehearsal: true, automatic: false }), rolledBack({ automatic: false }), ended()]
  expect(() => factsOf(events)).toThrow('no incident')
})

test('a section that is left out for want of room is named, and those that people need most stay', () => {
  const facts = factsOf([
    ...Array.from({ length: 90 }, (_, n) =>
      healthChecked({ because: 'x'.repeat(500), startedAt: new Date(n * 1000).toISOString() }),
    ),
    rolledBack(),
  ])
  const full = writeFactsSection(facts, links)
  const text = writeFactsSection(facts, links, noEvidence, 30_000)
  expect(full.length).toBeGreaterThan(60_000)
  expect(text.length).toBeLessThan(30_000)
  expect(text).toMatch(/^Left out because an issue has a size limit: the decision log/)
  expect(text).toContain('## Summary')
  expect(text).toContain('## Restore the undone work')
})

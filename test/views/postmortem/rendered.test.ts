/** 18, done-line 2: mermaid's own parser, in Chromium, and a GFM renderer read what is written. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Marked } from 'marked'
import { type Browser, chromium, type Page } from 'playwright-core'
import { writeFactsSection } from '../../../src/views/postmortem/document.ts'
import { type Evidence, noEvidence } from '../../../src/views/postmortem/evidence.ts'
import { writePeopleSection } from '../../../src/views/postmortem/people.ts'
import {
  bad,
  began,
  ended,
  factsOf,
  healthChecked,
  recoveryVerified,
  rollbackFailed,
  rolledBack,
} from './example.ts'

const links = { repositoryUrl: 'https://github.com/octo-org/shop' }
const mermaid = join(dirname(createRequire(import.meta.url).resolve('mermaid')), 'mermaid.min.js')

let browser: Browser
let page: Page
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  page = await browser.newPage()
  await page.addScriptTag({ path: mermaid })
})
afterAll(() => browser.close())

/** Draws a chart as GitHub does. @returns the text of the drawing */
function draw(source: string): Promise<string> {
  return page.evaluate(async (text) => {
    const api: unknown = Reflect.get(globalThis, 'mermaid')
    if (typeof api !== 'object' || api === null) throw new Error('mermaid is not loaded')
    const { parse, render } = api as {
      parse: (text: string) => Promise<unknown>
      render: (id: string, text: string) => Promise<{ svg: string }>
    }
    await parse(text)
    return (await render('chart', text)).svg
  }, source)
}

const charts = (markdown: string) =>
  [...markdown.matchAll(/```mermaid\n(.*?)```/gs)].map(([, text = '']) => text)

/** Text from outside, in every place that one can have. */
function story(value: string) {
  const failing = healthChecked({
    because: value,
    checks: [
      {
        ...{ name: value, severity: value, state: 'breached', evidence: value, unit: 'ratio', forMs: 0 },
        ...{ limit: { max: 0.05, text: value }, failures: { bad: 1, of: 2 } },
        samples: [0, 0.5, 1e-9, 1].map((rate, n) => ({
          ...{ at: new Date(Date.UTC(2026, 10, 24, 3, 9, n)).toISOString(), state: 'breached' as const },
          value: rate,
        })),
      },
    ],
  })
  const events = [
    failing,
    began({ reason: value, layers: [{ layer: 'code', from: bad, to: value }] }),
    rollbackFailed({ because: value, from: value, to: value }),
    rolledBack({
      ...{ reason: value, targetFoundBy: value, kept: { copy: value } },
      undone: [{ revision: bad, title: value, author: value }],
    }),
    recoveryVerified({ because: value }),
    ended({ phases: { [value || 'plan']: 5, code: 3 } }),
  ]
  const pull = { number: 12, title: value, url: 'https://github.com/o/r/pull/12', merged: true, nodeId: '' }
  const evidence: Evidence = {
    ...noEvidence,
    deployment: {
      ...{ id: 1, createdAt: new Date('2026-11-24T03:00:00Z'), succeededAt: undefined },
      ...{ by: { login: value, isBot: false }, url: undefined },
    },
    commits: [
      {
        ...{ revision: bad, title: value, author: value, pulls: [pull] },
        files: [{ path: value, additions: 1, deletions: 1 }],
      },
    ],
    unread: [value],
  }
  const facts = factsOf(events)
  return { section: writeFactsSection(facts, links, evidence), people: writePeopleSection(facts, evidence) }
}

/** What a renderer makes of it: how many of each element, whatever they say. An address that is its own link hides nothing. */
function skeleton(markdown: string): Record<string, number> {
  const html = new Marked({ gfm: true })
    .parse(markdown, { async: false })
    .replace(/<a href="([^"]*)">\1<\/a>/g, '')
  const counted: Record<string, number> = {}
  for (const [, name = ''] of html.matchAll(/<([a-z][a-z0-9]*)/gi)) counted[name] = (counted[name] ?? 0) + 1
  return counted
}

const hostile = [
  ...[
    'a | b | c',
    '`code` ``',
    '@grace @octo-org/all',
    '#12 octo-org/shop#7 GH-3',
    '<!-- x -->',
    '--> <img src=x>',
  ],
  ...[
    '\n## heading\n',
    '[a](javascript:alert(1))',
    '](https://evil.example) [x',
    '</table></details>',
    '```\nend',
  ],
  ...[
    '</script><script>alert(1)</script>',
    '=cmd|’/C calc’!A0',
    '\u202egnp.exe',
    '"\n  line [1, 2]\n  title "x',
  ],
  ...[
    '%%{init: {}}%%',
    '\n- [x] done (kind: prevent, owner: @grace, due: 2026-01-01)\n',
    '~~x~~',
    'x'.repeat(65_536),
  ],
]

test('the chart of the check that called it is one that mermaid draws', async () => {
  const [chart = ''] = charts(story('homepage').section)
  const svg = await draw(chart)
  expect(svg).toContain('homepage (red), limit (grey)')
  expect(await draw(chart.replace('line [', 'line {')).catch(() => 'refused')).toBe('refused')
})

describe('text from outside', () => {
  const innocent = story('plain')

  test.each(hostile)('%p makes no element, no chart and no mention of its own', async (value) => {
    const { section, people } = story(value)
    expect(skeleton(section)).toEqual(skeleton(innocent.section))
    expect(skeleton(people)).toEqual(skeleton(innocent.people))
    const [chart = '', ...others] = charts(section)
    expect(others).toEqual([])
    const svg = await draw(chart)
    expect(svg).not.toMatch(/<script|<img|javascript:/)
    expect(svg.match(/class="line-plot-\d"/g)?.length).toBe(
      (await draw(charts(innocent.section)[0] ?? '')).match(/class="line-plot-\d"/g)?.length,
    )
    for (const text of [section, people]) {
      const prose = text.replace(/```mermaid.*?```/gs, '').replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '')
      expect(prose).not.toMatch(/@\w|(?<![\w&])#\d/)
      expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
      expect(text.length).toBeLessThan(65_536)
    }
  })
})

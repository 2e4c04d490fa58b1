import type { PhrasingContent, RootContent } from 'mdast'
import type { PullRequest } from '../../github/pulls.ts'
import { breachedChecks } from '../../history/detection.ts'
import { code, heading, link, paragraph, table, text } from '../../text/markdown.ts'
import type { Evidence, SuspectCommit } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { commitLink, type Links } from './links.ts'
import { isIn, type Place, placesIn, type Routes } from './places.ts'

/** A commit with what speaks for it as the cause. */
export interface Suspect {
  readonly commit: SuspectCommit
  readonly score: number
  /** each one clause; empty where there is no evidence */
  readonly reasons: readonly string[]
}

const listedSuspects = 10
const listedFiles = 3

/** What runs nowhere: it is not likely to break production. */
const harmless =
  /(?:^|\/)(?:docs?|tests?|__tests__|spec)\/|\.(?:md|txt|adoc|rst|test\.\w+|spec\.\w+)$|(?:^|\/)LICENSE$/i
/** What changes how everything runs. */
const farReaching =
  /(?:^|\/)(?:Dockerfile[^/]*|package(?:-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|go\.(?:mod|sum)|Gemfile(?:\.lock)?|requirements[^/]*\.txt|pom\.xml|build\.gradle(?:\.kts)?)$/i

/**
 * The commits that the failed deployment brought, the most likely cause first. The order is by what is known of each: it points
 * at where to look first, and is no verdict. Of equal ones the larger change is first, then the newer one.
 */
function rankSuspects(
  facts: IncidentFacts,
  { commits, sameFiles }: Evidence,
  routes: Routes = {},
): readonly Suspect[] {
  const said = saidOf(facts)
  const words = new Set(wordsOf(said))
  const places = placesIn(said, routes)
  // the history names the deployed revision with a migration, and not the commit that brought it
  const migrations = facts.rollbacks
    .filter(({ layer }) => layer === 'database')
    .flatMap(({ undone }) => undone.map(({ title }) => title))
    .filter((title) => title !== '')
  const repeated = new Set([...sameFiles.values()].flat())
  return commits
    .map((commit, order) => ({ ...weigh(commit, { words, places, migrations, repeated }), order }))
    .toSorted((a, b) => b.score - a.score || sizeOf(b.commit) - sizeOf(a.commit) || b.order - a.order)
}

function weigh(
  commit: SuspectCommit,
  {
    words,
    places,
    migrations,
    repeated,
  }: {
    words: ReadonlySet<string>
    places: readonly Place[]
    migrations: readonly string[]
    repeated: ReadonlySet<string>
  },
): Suspect {
  const paths = (commit.files ?? []).map(({ path }) => path)
  const running = paths.filter((path) => !harmless.test(path))
  const found = placeOf(running, places, 'frame') ?? placeOf(running, places, 'route')
  const shared = running
    .flatMap((path) => wordsOf(path).map((word) => ({ path, word })))
    .find(({ word }) => words.has(word))
  const again = running.filter((path) => repeated.has(path))
  const migration = migrations.find((title) => paths.some((path) => path.includes(title)))
  const [second = ''] = again
  const reasons: readonly (readonly [points: number, reason: string])[] = [
    // a frame says the file, a route its folder, a word may be chance
    ...(found === undefined ? [] : [[found.place.kind === 'frame' ? 8 : 6, sayPlace(found)] as const]),
    ...(found === undefined && shared !== undefined
      ? [[4, `the failing check says “${shared.word}”, and so does the path ${shared.path}`] as const]
      : []),
    ...(migration === undefined ? [] : [[3, `it added ${migration}, which was undone`] as const]),
    ...(again.length > 0 ? [[2, `${second} was part of an earlier incident, too`] as const] : []),
    ...(running.some((path) => farReaching.test(path)) ? [[1, 'it changes dependencies'] as const] : []),
    ...(running.length > 0 ? [[1, 'it changes what runs in production'] as const] : []),
    ...(paths.length > 0 && running.length === 0
      ? [[-2, 'it changes only documentation or tests'] as const]
      : []),
  ]
  return {
    commit,
    score: reasons.reduce((sum, [points]) => sum + points, 0),
    reasons: reasons.map(([, reason]) => reason),
  }
}

interface Found {
  readonly path: string
  readonly place: Place
}

function placeOf(paths: readonly string[], places: readonly Place[], kind: Place['kind']): Found | undefined {
  return places
    .filter((place) => place.kind === kind)
    .flatMap((place) => paths.filter((path) => isIn(path, place)).map((path) => ({ path, place })))
    .at(0)
}

function sayPlace({ path, place: { kind, named, route = '' } }: Found): string {
  return kind === 'frame'
    ? `it changes ${path}, which the failing check names as ${named.slice(0, 200)}`
    : `it changes ${path}, which serves the route ${route} by postmortem.routes; the failing check names ${named.slice(0, 200)}`
}

function sizeOf({ files = [] }: SuspectCommit): number {
  return files.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0)
}

/** What the failing checks say: addresses, stack frames, names. */
function saidOf({ detection }: IncidentFacts): string {
  return breachedChecks(detection)
    .map(({ name, evidence }) => `${name} ${evidence.slice(0, 4000)}`)
    .join('\n')
}

/** Words that say nothing of where a fault is. */
const common: ReadonlySet<string> = new Set(
  'limit most least probes failed status since error errors check rate healthy beyond index main server page test http https from with that this have every'.split(
    ' ',
  ),
)

function wordsOf(words: string): readonly string[] {
  return (words.toLowerCase().match(/[\p{L}]{4,40}/gu) ?? []).filter((word) => !common.has(word))
}

/** Who and what may have caused it, the likeliest first. */
export function suspects(facts: IncidentFacts, evidence: Evidence, links: Links): readonly RootContent[] {
  const ranked = rankSuspects(facts, evidence, links.routes)
  if (ranked.length === 0) return []
  const more = ranked.length - listedSuspects + evidence.moreCommits
  return [
    heading(2, 'Suspects'),
    paragraph(
      'The commits of the failed deployment, the most likely cause first. The column “why” shows the evidence for each commit, such as a file, a route or a word that the failing check names, a migration that was undone, or a file of an earlier incident. The order is not a verdict.',
    ),
    table(
      ['commit', 'title', 'author', 'pull request', 'files', 'why'],
      ranked
        .slice(0, listedSuspects)
        .map(({ commit, reasons }) => [
          commitLink(commit.revision, links),
          code(commit.title),
          code(commit.author),
          pullLinks(commit.pulls),
          filesOf(commit),
          text(reasons.length === 0 ? 'no evidence' : reasons.join('; ')),
        ]),
    ),
    ...(more > 0 ? [paragraph(`… and ${more} more.`)] : []),
  ]
}

function filesOf({ files }: SuspectCommit): readonly PhrasingContent[] {
  if (files === undefined) return [text('not read')]
  const shown = files.slice(0, listedFiles)
  const more = files.length - shown.length
  return [
    ...shown.flatMap(({ path, additions, deletions }, n) => [
      ...(n === 0 ? [] : [text(', ')]),
      code(path.slice(-80)),
      text(` +${additions} −${deletions}`),
    ]),
    ...(more > 0 ? [text(`, ${more} more`)] : []),
  ]
}

/** Links to pull requests, each once, by number and title. */
export function pullLinks(pulls: readonly PullRequest[]): readonly PhrasingContent[] {
  const each = [...new Map(pulls.map((pull) => [pull.number, pull])).values()].slice(0, 10)
  return each.flatMap(({ number, title, url }, n) => [
    ...(n === 0 ? [] : [text(', ')]),
    link(url, text(`#${number}`)),
    text(' '),
    code(title.slice(0, 100)),
  ])
}

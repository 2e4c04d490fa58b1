import type { PhrasingContent, RootContent } from 'mdast'
import type { PullRequest } from '../../github/pulls.ts'
import { breachedChecks } from '../../history/detection.ts'
import { code, heading, link, paragraph, table, text } from '../../text/markdown.ts'
import type { Evidence, SuspectCommit } from './evidence.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { commitLink, type Links } from './links.ts'

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
export function rankSuspects(facts: IncidentFacts, { commits, sameFiles }: Evidence): readonly Suspect[] {
  const words = wordsOfFailure(facts)
  // the history names the deployed revision with a migration, and not the commit that brought it
  const migrations = facts.rollbacks
    .filter(({ layer }) => layer === 'database')
    .flatMap(({ undone }) => undone.map(({ title }) => title))
    .filter((title) => title !== '')
  const repeated = new Set([...sameFiles.values()].flat())
  return commits
    .map((commit, order) => ({ ...weigh(commit, { words, migrations, repeated }), order }))
    .toSorted((a, b) => b.score - a.score || sizeOf(b.commit) - sizeOf(a.commit) || b.order - a.order)
}

function weigh(
  commit: SuspectCommit,
  {
    words,
    migrations,
    repeated,
  }: {
    words: ReadonlySet<string>
    migrations: readonly string[]
    repeated: ReadonlySet<string>
  },
): Suspect {
  const paths = (commit.files ?? []).map(({ path }) => path)
  const running = paths.filter((path) => !harmless.test(path))
  const named = running.filter((path) => wordsOf(path).some((word) => words.has(word)))
  const again = running.filter((path) => repeated.has(path))
  const migration = migrations.find((title) => paths.some((path) => path.includes(title)))
  const [first = '', second = ''] = [named[0], again[0]]
  const reasons: readonly (readonly [points: number, reason: string])[] = [
    ...(named.length > 0 ? [[4, `the failing check names what is in ${first}`] as const] : []),
    ...(migration === undefined ? [] : [[3, `it brought ${migration}, which was undone`] as const]),
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

function sizeOf({ files = [] }: SuspectCommit): number {
  return files.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0)
}

/** Names of files, routes and functions that the failing checks say, as stack frames and addresses do. */
function wordsOfFailure({ detection }: IncidentFacts): ReadonlySet<string> {
  return new Set(
    breachedChecks(detection).flatMap(({ name, evidence }) => wordsOf(`${name} ${evidence.slice(0, 4000)}`)),
  )
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
  const ranked = rankSuspects(facts, evidence)
  if (ranked.length === 0) return []
  const more = ranked.length - listedSuspects + evidence.moreCommits
  return [
    heading(2, 'Suspects'),
    paragraph(
      'The commits of the failed deployment, the most likely cause first. The order reflects what is known about each commit. It is not a verdict.',
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

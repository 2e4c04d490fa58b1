import type { RootContent } from 'mdast'
import { code, codeBlock, heading, paragraph, revision, table, text } from '../../text/markdown.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { commitLink, type Links } from './links.ts'

const listedCommits = 20

/** What the rollbacks took out of production. */
export function undone({ rollbacks }: IncidentFacts, links: Links): readonly RootContent[] {
  const isMigrations = ({ layer }: IncidentFacts['rollbacks'][number]) => layer === 'database'
  const migrations = undoneBy(rollbacks.filter(isMigrations), ({ revision: of, title }) => `${of} ${title}`)
  const commits = undoneBy(
    rollbacks.filter((each) => !isMigrations(each)),
    ({ revision: sha }) => sha,
  )
  if (commits.length + migrations.length === 0) return []
  return [
    heading(2, 'What was undone'),
    ...listed(['migration', 'applied with'], migrations, (each) => [
      code(each.title),
      commitLink(each.revision, links),
    ]),
    ...listed(['commit', 'title', 'author'], commits, (each) => [
      commitLink(each.revision, links),
      code(each.title),
      code(each.author),
    ]),
  ]
}

type Undone = IncidentFacts['rollbacks'][number]['undone'][number]

/** What rollbacks undid, in their order; what was undone twice is told once. */
function undoneBy(rollbacks: IncidentFacts['rollbacks'], keyOf: (undone: Undone) => string): Undone[] {
  return [...new Map(rollbacks.flatMap((each) => each.undone.map((one) => [keyOf(one), one]))).values()]
}

function listed(
  columns: readonly string[],
  undone: readonly Undone[],
  row: (undone: Undone) => Parameters<typeof table>[1][number],
): readonly RootContent[] {
  if (undone.length === 0) return []
  const more = undone.length - listedCommits
  return [
    table(columns, undone.slice(-listedCommits).map(row)),
    ...(more > 0 ? [paragraph(`… and ${more} more.`)] : []),
  ]
}

/** How people bring back what the rollback of each layer undid, as its layer said when it was done. */
export function bringBack({ rollbacks, takenBack }: IncidentFacts): readonly RootContent[] {
  // the newest of each layer
  const byLayer = new Map(rollbacks.map((rollback) => [rollback.layer, rollback]))
  const ways = [...byLayer.values()].filter(({ now }) => !takenBack.has(now)).flatMap(wayBackOf)
  return ways.length === 0 ? [] : [heading(2, 'Restore the undone work'), ...ways]
}

function wayBackOf({
  layer,
  from,
  to,
  now,
  wayBack,
}: IncidentFacts['rollbacks'][number]): readonly RootContent[] {
  if (wayBack !== undefined) {
    const [first = '', ...others] = wayBack.steps
    return [
      paragraph(text(first)),
      ...(wayBack.commands.length === 0 ? [] : [codeBlock(wayBack.commands.join('\n'), 'sh')]),
      ...others.map((step) => paragraph(text(step))),
    ]
  }
  // it stands just where it went to: it may have been changed by nothing but a deployment
  if (now === to) return []
  return [
    paragraph(
      text(`${layer} went from `),
      revision(from),
      text(' to '),
      revision(to),
      text(', and was at '),
      revision(now),
      text(
        ' then. This entry of the history is from a version that did not record the commands to undo it; see the README of the action.',
      ),
    ),
  ]
}

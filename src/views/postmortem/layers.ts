import type { RootContent } from 'mdast'
import type { EventOf, LayerName } from '../../history/event.ts'
import { methodOf } from '../../history/method.ts'
import { sayDuration } from '../../text/duration.ts'
import { code, heading, paragraph, revision, strong, table, text } from '../../text/markdown.ts'
import type { IncidentFacts } from './incident-facts.ts'

/** How the rollback of each layer went: method, outcome, duration, and what stood in the way. */
export function layerAnalysis(facts: IncidentFacts): readonly RootContent[] {
  const layers = layersOf(facts)
  if (layers.length === 0) return []
  return [
    heading(2, 'Rollback analysis'),
    table(
      ['layer', 'from', 'to', 'method', 'outcome', 'duration', 'safety copy', 'problems'],
      layers.map((layer) => {
        const applied = facts.rollbacks.findLast((each) => each.layer === layer)
        const place = applied ?? lastOf(facts, layer)
        const took = facts.ended?.phases[layer]
        return [
          text(layer),
          place === undefined ? text('') : revision(place.from),
          place === undefined ? text('') : revision(place.to),
          text(methodOfLayer(facts, layer, applied)),
          strong(outcomeOf(facts, layer, applied)),
          text(took === undefined || took < 0 ? 'not known' : sayDuration(took)),
          safetyCopy(applied),
          text(obstacles(facts, layer)),
        ]
      }),
    ),
    ...phases(facts),
  ]
}

/** Those that were planned, tried or done, each once, in this order. */
function layersOf({ events, rollbacks, proposals, failures }: IncidentFacts): readonly LayerName[] {
  const began = events.flatMap((event) =>
    event.kind === 'rollback-began' ? event.layers.map(({ layer }) => layer) : [],
  )
  return [...new Set([...began, ...[...rollbacks, ...proposals, ...failures].map(({ layer }) => layer)])]
}

function lastOf({ proposals, failures }: IncidentFacts, layer: LayerName) {
  return [...failures, ...proposals].find((each) => each.layer === layer)
}

const methodWords: Readonly<Record<ReturnType<typeof methodOf>, string>> = {
  reset: 'branch reset',
  commit: 'rollback commit',
  'down-migrations': 'down migrations',
  backup: 'backup restored',
  release: 'earlier release',
  restore: 'settings changed',
}

function methodOfLayer(
  { proposals }: IncidentFacts,
  layer: LayerName,
  applied: EventOf<'rollback-applied'> | undefined,
): string {
  if (applied !== undefined) return methodWords[methodOf(applied)]
  return proposals.some((each) => each.layer === layer) ? 'pull request' : 'none'
}

/** The last word on it: the end of the run, or the layer's own events where no run ended. */
function outcomeOf(
  { ended, takenBack, proposals }: IncidentFacts,
  layer: LayerName,
  applied: EventOf<'rollback-applied'> | undefined,
): string {
  if (applied !== undefined && takenBack.has(applied.now)) return 'undone'
  const said = ended?.layers.find((each) => each.layer === layer)?.outcome
  if (said !== undefined) return said.replaceAll('-', ' ')
  if (applied !== undefined) return 'rolled back'
  return proposals.some((each) => each.layer === layer) ? 'proposed' : 'failed'
}

/** Its name comes first; what follows is for the layer. A state that the history itself holds has no name. */
function safetyCopy(applied: EventOf<'rollback-applied'> | undefined) {
  const [name] = Object.values(applied?.kept ?? {}).flat()
  if (name === undefined) return text('none')
  return name.startsWith('{') ? text('in the history') : code(name.slice(0, 100))
}

function obstacles(facts: IncidentFacts, layer: LayerName): string {
  const own = facts.failures.filter((each) => each.layer === layer)
  const said = [...new Set(own.map(({ reasonCode, because }) => `${reasonCode}: ${because}`))]
  return said.length === 0 ? 'none' : said.join('; ')
}

/** As the job summary prints them. */
function phases({ ended, events }: IncidentFacts): readonly RootContent[] {
  const entries = Object.entries(ended?.phases ?? {}).filter(([, ms]) => ms >= 0)
  if (ended === undefined || entries.length === 0) return []
  const total = entries.reduce((sum, [, ms]) => sum + ms, 0)
  const began = events.findLast((event) => event.kind === 'rollback-began')
  const took =
    began?.kind === 'rollback-began' ? Date.parse(ended.at) - Date.parse(began.startedAt) : undefined
  const hasRecovered = ended.outcome === 'complete' && took !== undefined && took >= 0
  return [
    heading(3, 'Duration of each phase'),
    ...(hasRecovered
      ? [
          paragraph(
            text('From the first check of the rollback to the verified recovery, as in the job summary: '),
            strong(sayDuration(took)),
            text('.'),
          ),
        ]
      : []),
    table(
      ['phase', 'time', 'share'],
      entries.map(([phase, ms]) => [
        text(phase),
        text(sayDuration(ms)),
        text(total === 0 ? '' : `${Math.round((ms / total) * 100)} %`),
      ]),
    ),
    ...(took !== undefined && total > took
      ? [paragraph('Some phases ran at the same time, so their sum exceeds the time that passed.')]
      : []),
  ]
}

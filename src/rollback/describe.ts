import type { RootContent } from 'mdast'
import type { LayerPlanView } from '../layers/layer.ts'
import { sayDuration } from '../text/duration.ts'
import {
  bulletList,
  code,
  heading,
  link,
  paragraph,
  revision,
  strong,
  table,
  text,
} from '../text/markdown.ts'
import { shortRevision } from '../text/revision.ts'
import type { LayerOutcome } from './apply.ts'
import type { RollbackReport } from './carry-out.ts'
import { isOnly, type Plan, viewsOf } from './plan.ts'
import type { RehearsalReport } from './rehearse.ts'

/** How many commits or migrations of a layer are listed. */
const listed = 20

/** The plan as lines of a log. */
export function describePlan(plan: Plan): readonly string[] {
  const words = isOnly(plan) ? plan.layers[0]?.plan.words : undefined
  if (words !== undefined) return words.lines
  return [
    ...viewsOf(plan).flatMap((view, index) => [
      `${index + 1}. ${view.layer}: ${short(view.from)} → ${short(view.to)} (${view.foundBy})`,
      ...view.steps.map((step) => `   ${step}`),
      ...view.losses.map((loss) => `   lost: ${loss}`),
      ...view.warnings.map((warning) => `   warning: ${warning}`),
      ...view.needsPerson.map((why) => `   manual approval required: ${why}`),
    ]),
    ...plan.left.map(({ layer, because }) => `not changed: ${layer}: ${because}`),
  ]
}

/** The plan as sections of the job summary. */
export function summarizePlan(plan: Plan): readonly RootContent[] {
  const views = viewsOf(plan)
  return [
    ...views.flatMap((view, index) => [
      heading(3, `${index + 1}. ${layerTitles[view.layer]}`),
      bulletList([
        ['from ', revision(view.from), ' to ', revision(view.to), text(` (${view.foundBy})`)],
        ...view.steps.map((step) => [text(step)]),
        ...view.losses.map((loss) => [strong('Lost:'), text(` ${loss}`)]),
        ...view.warnings.map((warning) => [strong('Warning:'), text(` ${warning}`)]),
        ...view.needsPerson.map((why) => [strong('Manual approval required:'), text(` ${why}`)]),
      ]),
      ...undoneTable(view),
    ]),
    ...(plan.left.length === 0
      ? []
      : [
          heading(3, 'What stays as it is'),
          bulletList(
            plan.left.map(({ layer, because }) => [strong(layerTitles[layer]), text(`: ${because}`)]),
          ),
        ]),
  ]
}

function undoneTable({ layer, undone, undoneCount = undone.length }: LayerPlanView): readonly RootContent[] {
  if (undone.length === 0) return []
  const more = undoneCount > listed ? [paragraph(`… and ${undoneCount - listed} more.`)] : []
  const shown = undone.slice(-listed)
  if (layer === 'database')
    return [
      table(
        ['migration', 'applied with'],
        shown.map(({ title, revision: of }) => [code(title), revision(of)]),
      ),
      ...more,
    ]
  const rows = shown.map((each) => [revision(each.revision), code(each.title), code(each.author)])
  return [table(['commit', 'title', 'author'], rows), ...more]
}

const layerTitles = {
  code: 'Code',
  ota: 'Over-the-air update',
  database: 'Database',
  config: 'Configuration',
  flags: 'Feature flags',
} as const

/** What was done, as sections of the job summary, the most important first. */
export function summarizeReport({
  environment,
  layers,
  redeployed,
  recovery,
  problems,
}: RollbackReport): readonly RootContent[] {
  const seen = layers.flatMap(({ layer, receipt }) =>
    receipt?.verified === undefined
      ? []
      : [[strong(layerTitles[layer]), text(`: ${receipt.verified.evidence}`)]],
  )
  return [
    paragraph(code(environment), ': ', strong(recovery.outcome), text(`: ${recovery.because}.`)),
    ...(recovery.before === undefined ? [] : [paragraph(text(`Before: ${recovery.before}.`))]),
    ...(problems.length === 0
      ? []
      : [heading(3, 'What is left to do'), bulletList(problems.map((problem) => [text(String(problem))]))]),
    table(
      ['layer', 'from', 'to', 'outcome'],
      layers.map((each) => [
        layerTitles[each.layer],
        revision(each.view.from),
        revision(each.view.to),
        [strong(outcomeWords[each.outcome]), ...nowOf(each)],
      ]),
    ),
    ...(redeployed === undefined
      ? []
      : [
          paragraph(
            'Deployed ',
            revision(redeployed.revision),
            ' by ',
            link(redeployed.url, code(redeployed.workflow)),
            '.',
          ),
        ]),
    ...(seen.length === 0 ? [] : [heading(3, 'Verification'), bulletList(seen)]),
  ]
}

/** How long it took to recover, against the objective; how long each phase took, and its share. */
export function summarizePhases(
  { phases, tookMs, recovery }: RollbackReport,
  objectiveMs: number | undefined,
): readonly RootContent[] {
  const total = Object.values(phases).reduce((sum, ms) => sum + ms, 0)
  const share = (ms: number) => (total === 0 ? '' : `${Math.round((ms / total) * 100)} %`)
  return [
    heading(3, 'Duration of each phase'),
    ...(recovery.outcome === 'recovered' ? [paragraph(...sayRecovery(tookMs, objectiveMs))] : []),
    table(
      ['phase', 'time', 'share'],
      Object.entries(phases).map(([phase, ms]) => [phase, sayDuration(ms), share(ms)]),
    ),
    ...(total - (phases['take back'] ?? 0) > tookMs
      ? [paragraph('Some phases ran at the same time, so their sum exceeds the time that passed.')]
      : []),
  ]
}

function sayRecovery(tookMs: number, objectiveMs: number | undefined) {
  const took = [
    'Time to recover, from the first check to the verified recovery: ',
    strong(sayDuration(tookMs)),
  ]
  if (objectiveMs === undefined) return [...took, '.']
  const verdict = tookMs <= objectiveMs ? 'met' : 'missed'
  return [...took, `. The objective is ${sayDuration(objectiveMs)}: `, strong(verdict), '.']
}

/** The state of an environment after a rehearsal. */
export function summarizeRehearsal({ afterwards }: RehearsalReport): readonly RootContent[] {
  return [
    paragraph(
      'Everything was undone. Afterwards: ',
      strong(afterwards.outcome),
      text(`, ${afterwards.because}.`),
    ),
  ]
}

const outcomeWords: Readonly<Record<LayerOutcome['outcome'], string>> = {
  'rolled-back': 'rolled back',
  'already-rolled-back': 'rolled back before',
  proposed: 'proposed',
  stopped: 'halted',
  partial: 'in part',
  failed: 'failed',
  'not-tried': 'not tried',
  undone: 'undone',
}

/** The current state of the layer, unless it equals the target. */
function nowOf({ receipt, outcome, view }: LayerOutcome) {
  if (receipt?.pull !== undefined) return [' by ', link(receipt.pull.url, `#${receipt.pull.number}`)]
  if (receipt === undefined || outcome === 'undone' || receipt.now === view.to) return []
  return [', now ', revision(receipt.now)]
}

function short(name: string): string {
  return name === '' ? 'nothing' : shortRevision(name)
}

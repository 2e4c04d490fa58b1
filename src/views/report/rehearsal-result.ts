import type { LayerName } from '../../history/event.ts'
import type { Incidents } from './incidents.ts'
import type { Mark } from './marks.ts'
import type { Rehearsal } from './model.ts'
import { type Rollback, timelineOf } from './rollbacks.ts'

/** A rehearsal, and how it went. */
export interface Judged extends Pick<Rehearsal, 'result'> {
  readonly rollback: Rollback
  readonly problems: readonly Problem[]
}

/**
 * The result of a rehearsal: passed, objective-missed, or failed with each thing that would not have worked. It passes only if
 * every layer was rolled back, the recovery was verified, and everything was undone.
 * @param objectiveMs the recovery time objective; undefined where there is none
 */
export function judgeRehearsal(
  incidents: Incidents,
  rollback: Rollback,
  objectiveMs: number | undefined,
): Judged {
  const problems = problemsOf(rollback, timelineOf(incidents, rollback))
  const { durationMs } = rollback
  const isLate = objectiveMs !== undefined && durationMs !== undefined && durationMs > objectiveMs
  const result = problems.length > 0 ? 'failed' : isLate ? 'objective-missed' : 'passed'
  return { rollback, result, problems }
}

type Problem = Rehearsal['problems'][number]

/** What would not have worked at night, in the order in which a rollback comes to it. */
function problemsOf(rehearsal: Rollback, marks: readonly Mark[]): readonly Problem[] {
  return [
    ...ofLayers(rehearsal, marks),
    ...ofEnding(rehearsal, marks),
    ...(rehearsal.outcome === 'unfinished' ? [] : ofTakingBack(marks)),
  ]
}

function ofLayers({ layers }: Rollback, marks: readonly Mark[]): readonly Problem[] {
  const failed = marks.flatMap((mark) => (mark.kind === 'failed' ? [mark] : []))
  const said = new Set<LayerName>(failed.map(({ layer }) => layer))
  return [
    ...failed.map(({ layer, reason }) => ({ part: layer, because: reason })),
    ...layers
      .filter(
        ({ layer, standing, outcome }) =>
          standing !== 'succeeded' && outcome !== 'proposed' && !said.has(layer),
      )
      .map(({ layer, outcome }) => ({ part: layer, because: layerWords[outcome] ?? outcome })),
  ]
}

const layerWords: Readonly<Record<string, string>> = {
  failed: 'it was not rolled back',
  undone: 'its rollback was undone because another layer failed',
  partial: 'it was rolled back in part',
  'not-tried': 'it was not tried because a layer before it failed',
}

/** What the ending says beside its layers; of a look at production, why it said so. */
function ofEnding({ outcome }: Rollback, marks: readonly Mark[]): readonly Problem[] {
  const looked = marks.find((mark) => mark.kind === 'recovery')?.reason ?? ''
  const because = (words: string) => (looked === '' ? words : `${words}: ${looked}`)
  switch (outcome) {
    case 'unfinished':
      return [{ part: 'run', because: 'the run ended before the rehearsal did' }]
    case 'proposed':
      return [{ part: 'deployment', because: 'the rollback waits for a pull request' }]
    case 'not-deployed':
      return [{ part: 'deployment', because: because('the restored revision was not deployed') }]
    case 'rolled-back':
    case 'not-verified':
      return [{ part: 'verification', because: because('the recovery was not verified') }]
    case 'not-recovered':
      return [{ part: 'verification', because: because('the environment was failing after the rollback') }]
    default:
      return []
  }
}

/** The environment is to end as it began. Older histories do not have the look afterwards. */
function ofTakingBack(marks: readonly Mark[]): readonly Problem[] {
  const undone = new Set(marks.flatMap((mark) => (mark.kind === 'undone' ? [mark.layer] : [])))
  const applied = new Set(marks.flatMap((mark) => (mark.kind === 'applied' ? [mark.layer] : [])))
  const last = marks.findLastIndex(({ kind }) => kind === 'undone')
  const afterwards = last === -1 ? undefined : marks.slice(last).findLast((mark) => mark.kind === 'recovery')
  return [
    ...[...applied]
      .filter((layer) => !undone.has(layer))
      .map((layer) => ({ part: layer, because: 'its rollback was not undone after the rehearsal' })),
    ...(afterwards === undefined || afterwards.outcome === 'recovered'
      ? []
      : [
          {
            part: 'taking back' as const,
            because: `the environment was not verified after the rehearsal: ${afterwards.reason}`,
          },
        ]),
  ]
}

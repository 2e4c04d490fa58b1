import type { RootContent } from 'mdast'
import { writeResponse, writeStatus } from '../../incident/issue-section.ts'
import { paragraph, renderMarkdown } from '../../text/markdown.ts'
import { clip } from './clip.ts'
import { clockOf } from './clock.ts'
import { checks, decisionLog } from './detection.ts'
import { type Evidence, noEvidence } from './evidence.ts'
import { impact } from './impact.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { layerAnalysis } from './layers.ts'
import type { Links } from './links.ts'
import { recurrence } from './recurrence.ts'
import { summary } from './summary.ts'
import { suspects } from './suspects.ts'
import { timeline } from './timeline.ts'
import { bringBack, undone } from './undone.ts'

/**
 * The part of the issue that the history writes, and writes anew on every run. A pure function of the facts and of what GitHub
 * says: the same of both, the same text.
 * @param room how many characters there is room for: where that is too little, whole sections are left out, those first that
 *   people need least, and named
 */
export function writeFactsSection(
  facts: IncidentFacts,
  links: Links,
  evidence: Evidence = noEvidence,
  room: number = Number.POSITIVE_INFINITY,
): string {
  const clock = clockOf(facts, evidence)
  const { events, incident } = facts
  const { responders } = links
  const sections: readonly Section[] = [
    ...(responders === undefined ? [] : [{ blocks: writeStatus(events, incident, responders) }]),
    { blocks: summary(facts, clock, evidence, links) },
    { blocks: impact(facts, clock) },
    { name: 'the timeline', blocks: timeline(facts, clock, evidence), leaves: 5 },
    { name: 'the check results', blocks: checks(facts), leaves: 4 },
    { name: 'the decision log', blocks: decisionLog(facts), leaves: 1 },
    { blocks: layerAnalysis(facts) },
    { name: 'the suspects', blocks: suspects(facts, evidence, links), leaves: 3 },
    { name: 'the earlier incidents', blocks: recurrence(facts, evidence), leaves: 2 },
    { name: 'what was undone', blocks: undone(facts, links), leaves: 6 },
    { blocks: bringBack(facts) },
    ...(responders === undefined
      ? []
      : [
          {
            name: 'the emergency checklist',
            blocks: writeResponse(events, incident, responders),
            leaves: 7,
          },
        ]),
  ]
  const leaving = sections
    .filter(({ leaves, blocks }) => leaves !== undefined && blocks.length > 0)
    .toSorted((a, b) => (a.leaves ?? 0) - (b.leaves ?? 0))
  for (let left = 0; ; left += 1) {
    const without = leaving.slice(0, left)
    const written = write(sections, without)
    if (written.length <= room || left === leaving.length) return written
  }
}

interface Section {
  readonly blocks: readonly RootContent[]
  /** of one that may be left out */
  readonly name?: string
  /** the lowest is left out first */
  readonly leaves?: number
}

function write(sections: readonly Section[], without: readonly Section[]): string {
  const names = without.map(({ name }) => name).join(', ')
  const note =
    without.length === 0
      ? []
      : [paragraph(`Left out because an issue has a size limit: ${names}. The history has everything.`)]
  const blocks = sections.filter((each) => !without.includes(each)).flatMap((each) => each.blocks)
  return renderMarkdown([...note, ...blocks.map(clip)])
}

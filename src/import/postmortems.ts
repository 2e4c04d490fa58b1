import type { Repository } from '../github/client.ts'
import { isTrusted, listLabelled } from '../github/issues.ts'
import { type Event, newEvent } from '../history/event.ts'
import { incidentId } from '../history/incident.ts'
import type { Found, Past } from './tags.ts'

/** How many are imported in one run: each may need a request for the permission of its author. */
const most = 100

/** The post-mortems of incidents that are known, as far as the history has no events of them. */
export async function importPostmortems(
  repository: Repository,
  past: Past,
  labels: readonly string[],
): Promise<Found> {
  // without a label every issue would be read
  if (labels.length === 0) return { events: [], left: ['post-mortems: the settings give them no label'] }
  const { issues, isAll } = await listLabelled(repository, { labels, since: past.since })
  const opened = new Set(
    past.events.flatMap((event) => (event.kind === 'postmortem-opened' ? [event.incident] : [])),
  )
  const subjects = subjectsOf(past)
  const made: Event[] = []
  let [unknown, untrusted, waiting] = [0, 0, 0]
  // of several of one incident the first one is it
  for (const issue of issues.toSorted((a, b) => a.number - b.number)) {
    const [, incident = ''] = /^<!-- rollback-incident: (\S+) -->\r?$/m.exec(issue.body) ?? []
    if (opened.has(incident)) continue
    const subject = subjects.get(incident)
    if (subject === undefined) unknown += 1
    else if (made.length + untrusted >= most) waiting += 1
    else if (!(await isTrusted(repository, issue))) untrusted += 1
    else {
      opened.add(incident)
      made.push(
        newEvent(
          {
            ...{ kind: 'postmortem-opened', imported: true, incident, ...subject },
            ...{ issue: issue.number, url: issue.url },
            ...{ at: issue.createdAt.toISOString(), actor: issue.author?.login ?? 'unknown' },
          },
          ['imported', String(issue.number)],
        ),
      )
    }
  }
  const say = (count: number, what: string) => (count === 0 ? [] : [`${count} ${what}`])
  return {
    events: made,
    left: [
      ...say(unknown, 'issues with the labels: they name no known incident'),
      ...say(untrusted, 'issues with the labels: their authors may not write to the repository'),
      ...say(waiting, 'post-mortems; run again for them'),
      ...(isAll ? [] : ['older issues than the newest 1000 with the labels']),
    ],
  }
}

function subjectsOf({ events, deployments }: Past) {
  const subjects = new Map<string, { readonly environment: string; readonly revision: string }>()
  for (const { environment, revision } of deployments)
    subjects.set(incidentId({ environment, revision }), { environment, revision })
  for (const { incident, environment, revision } of events) subjects.set(incident, { environment, revision })
  return subjects
}

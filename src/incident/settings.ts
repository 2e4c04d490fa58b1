import { z } from 'zod'
import { type DeepReadonly, duration, httpUrl, line, section } from '../settings/fields.ts'
import { parseDuration } from '../text/duration.ts'
import { placeholders } from './links.ts'

/** The section `incident` of `.github/rollback.yml`. */
export function incidentSchema() {
  return section({
    respond: section({
      critical: respondWithin('15m'),
      high: respondWithin('1h'),
      medium: respondWithin('4h'),
      low: respondWithin('1d'),
    })
      .prefault({})
      .describe('Time to acknowledge an incident, by severity. Afterwards, the next level is notified.'),
    levels: z
      .array(
        section({
          people: z
            .array(
              z
                .string()
                .regex(
                  /^[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:\/[A-Za-z0-9_][\w.-]{0,99})?$/,
                  'is not a login or a team; write `octocat` or `octo-org/sre`, without @',
                ),
            )
            .default([])
            .describe('GitHub users and teams of this level; they are mentioned in the incident’s issue.'),
          channels: z
            .array(line())
            .default([])
            .describe('Channels of `notify.channels` that join the incident at this level.'),
        }),
      )
      .min(1, 'is empty; write a level, or leave the key out')
      .max(9, 'has too many levels; write at most 9')
      .default([{ people: [], channels: [] }])
      .describe(
        'Who is notified, level by level: the first when the incident opens, each further one when nobody has acknowledged the incident in time. Default: one level.',
      ),
    service: line()
      .default('our service')
      .describe('The name of the product in texts for users. Default: `our service`.'),
    links: z
      .record(
        line(),
        httpUrl({ example: 'https://grafana.example.com/d/shop?var-env={environment}' }).superRefine(
          (url, context) => {
            for (const [whole, name = ''] of url.matchAll(/\{([^{}]*)\}/g))
              if (!placeholders.some((each) => each === name))
                context.addIssue({
                  code: 'custom',
                  message: `contains \`${whole}\`, which is not a placeholder; write one of ${placeholders.map((each) => `\`{${each}}\``).join(', ')}, or \`%7B\` for a brace`,
                })
          },
        ),
      )
      .default({})
      .describe(
        'Links in every notification, by their titles, such as a meeting room and a dashboard; `{incident}`, `{environment}`, `{from}` and `{to}` are replaced by those of the incident. Default: none.',
      ),
  })
    .transform(({ respond, ...more }) => ({ respondMs: respond, ...more }))
    .prefault({})
    .describe('Who responds to an incident, and how soon.')
}

function respondWithin(usual: string) {
  return duration({ min: parseDuration('1m'), max: parseDuration('7d') })
    .prefault(usual)
    .describe(`From 1m to 7d.`)
}

export type IncidentSettings = DeepReadonly<z.output<ReturnType<typeof incidentSchema>>>

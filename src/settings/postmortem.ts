import { z } from 'zod'
import { duration, plainPath, section } from './fields.ts'

/** The section `postmortem`. */
export function postmortemSchema() {
  return section({
    labels: z
      .array(
        z
          .string()
          .regex(/\S/, 'is empty; write the name of a label')
          .max(50, 'is too long; GitHub takes 50 characters'),
      )
      .default(['postmortem', 'incident'])
      .describe('Labels of the issue.'),
    assignees: z
      .array(
        z
          .string()
          .regex(
            /^[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?$/,
            'is not a login; write it without @, such as `octocat`',
          ),
      )
      .max(10, 'has too many; GitHub takes 10')
      .default([])
      .describe('Logins of the assignees of the issue.'),
    template: plainPath()
      .optional()
      .describe(
        'Markdown file of the repository with the part of a new issue that people fill in. `{{ environment }}` and the other variables listed in the README of postmortem-issue are replaced. Default: questions about impact, causes, lessons, action items, prevention, process, follow-ups and sign-off.',
      ),
    folder: plainPath()
      .default('docs/postmortems')
      .describe(
        'Folder for post-mortems that the operation `file` adds to the repository. Default: `docs/postmortems`.',
      ),
    routes: z
      .record(
        z
          .string()
          .regex(
            /^\/(?:[^\s?#*{}]*[^\s?#*{}/])?$/,
            'is not a route; write the path of an address, such as `/checkout`, without a slash at its end',
          ),
        z.array(plainPath()).min(1, 'is empty; write the folders that serve the route'),
      )
      .default({})
      .describe(
        'Folders and files that serve a route, such as `/checkout: [src/checkout]`. If a failing check names an address below the route, commits that change these are the first suspects. Default: none.',
      ),
    'review-within': duration({ min: 86_400_000 })
      .optional()
      .describe(
        'How long after the incident the post-mortem must be reviewed, such as `5d`. A new issue then has a task with that date, and the operation `remind` comments while it is overdue. Default: no date.',
      ),
  })
    .transform(({ 'review-within': reviewWithinMs, ...rest }) => ({ ...rest, reviewWithinMs }))
    .prefault({})
    .describe('The issue that is written after a rollback.')
}

import { readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { composites } from '../src/actions/composites.ts'
import { actions } from '../src/actions/table.ts'
import { placesOf } from '../src/runner/manifest.ts'
import { code, link, renderMarkdown, table, text } from '../src/text/markdown.ts'

const workflowSchema = z.object({
  jobs: z.record(z.string(), z.object({ permissions: z.record(z.string(), z.enum(['read', 'write'])) })),
})

/** The tables of docs/permissions.md, by the markers they stand between. @param root folder of the repository */
export function permissionsPage(root: string): Readonly<Record<string, string>> {
  const folder = `${root}/.github/workflows`
  const workflows = readdirSync(folder).sort()
  return {
    actions: renderMarkdown([
      table(
        ['action', 'always', 'for some of its inputs'],
        [...actions, ...composites].map(({ name, permissions, morePermissions = {} }) => [
          link(`../${placesOf(name).readme}`.replace('../docs/', ''), code(name)),
          text(list(permissions)),
          text(
            Object.entries(morePermissions)
              .map(([permission, when]) => `${permission} ${when}`)
              .join('; '),
          ),
        ]),
      ),
    ]).replace(/\\([`~])/g, '$1'),
    workflows: renderMarkdown([
      table(
        ['workflow', 'job', 'its token'],
        workflows.flatMap((file) => {
          const { jobs } = workflowSchema.parse(parse(readFileSync(`${folder}/${file}`, 'utf8')))
          return Object.entries(jobs).map(([job, { permissions }]) => [
            link(`../.github/workflows/${file}`, code(file)),
            code(job),
            text(list(permissions)),
          ])
        }),
      ),
    ]),
  }
}

function list(permissions: Readonly<Record<string, string>>): string {
  return Object.entries(permissions)
    .map(([name, level]) => `${name}: ${level}`)
    .join(', ')
}

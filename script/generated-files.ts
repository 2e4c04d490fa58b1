import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { composites } from '../src/actions/composites.ts'
import { actions } from '../src/actions/table.ts'
import { eventSchema } from '../src/history/event.ts'
import { publishedName, publishedTag } from '../src/published.ts'
import { readComposite } from '../src/runner/composite.ts'
import { fillReadme, placesOf, writeManifest, writeReadmeParts } from '../src/runner/manifest.ts'
import { renderJsonSchema } from '../src/settings/json-schema.ts'
import { code, link, renderMarkdown, table, text } from '../src/text/markdown.ts'
import { reportSchema } from '../src/views/report/report.ts'
import { drawRooms, importsOf } from './import-graph.ts'
import { permissionsPage } from './permissions-page.ts'

/** Every file that is generated, wholly or between markers, as it should be. @param root folder of the repository */
export function generatedFiles(root: string): readonly { readonly path: string; readonly text: string }[] {
  const filled = (path: string, parts: Readonly<Record<string, string>>) => ({
    path,
    text: withPublishedName(fillReadme(readFileSync(`${root}/${path}`, 'utf8'), parts)),
  })
  return [
    ...actions.flatMap((action) => [
      { path: placesOf(action.name).manifest, text: writeManifest(action) },
      filled(placesOf(action.name).readme, writeReadmeParts(action)),
    ]),
    ...composites.map((composite) => {
      const { manifest, readme } = placesOf(composite.name)
      const { inputs, outputs } = readComposite(readFileSync(`${root}/${manifest}`, 'utf8'))
      return filled(readme, writeReadmeParts({ ...composite, inputs, outputs }))
    }),
    filled('README.md', { actions: actionTable() }),
    filled('docs/permissions.md', permissionsPage(root)),
    filled('docs/architecture.md', { rooms: drawRooms(importsOf(root)) }),
    // editors complete .github/rollback.yml from it
    { path: 'schema/rollback.schema.json', text: renderJsonSchema() },
    // those who read the history or the report with other tools
    {
      path: 'schema/event.schema.json',
      text: jsonSchemaOf(eventSchema, 'One event of the history: a line of its files'),
    },
    { path: 'schema/report.schema.json', text: jsonSchemaOf(reportSchema, 'The report of rollback-report') },
  ]
}

/** Of what is written, and with room for the fields of later versions. */
function jsonSchemaOf(schema: z.ZodType, title: string): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // the pattern says the same, and editors know the format
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    },
  })
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`
}

function actionTable(): string {
  // no description has a code span that holds a backtick: what is escaped is a code span
  return renderMarkdown([
    table(
      ['action', 'what it does'],
      [...actions, ...composites].map(({ name, description }) => [
        link(placesOf(name).readme, code(name)),
        text(description),
      ]),
    ),
  ]).replace(/\\([`~])/g, '$1')
}

/** Every `uses:` of one of our actions names the published repository and tag. */
function withPublishedName(readme: string): string {
  const names = [...actions, ...composites].map(({ name }) => name).join('|')
  return readme.replace(
    new RegExp(`uses: \\S+?(/actions/(?:${names}))@\\S+`, 'g'),
    `uses: ${publishedName}$1@${publishedTag}`,
  )
}

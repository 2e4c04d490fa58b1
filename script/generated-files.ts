import { readFileSync } from 'node:fs'
import { composites } from '../src/actions/composites.ts'
import { actions } from '../src/actions/table.ts'
import { publishedName, publishedTag } from '../src/published.ts'
import { readComposite } from '../src/runner/composite.ts'
import { fillReadme, placesOf, writeManifest, writeReadmeParts } from '../src/runner/manifest.ts'
import { renderJsonSchema } from '../src/settings/json-schema.ts'
import { code, link, renderMarkdown, table, text } from '../src/text/markdown.ts'
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
  ]
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
  ]).replaceAll('\\`', '`')
}

/** Every `uses:` of one of our actions names the published repository and tag. */
function withPublishedName(readme: string): string {
  const names = [...actions, ...composites].map(({ name }) => name).join('|')
  return readme.replace(
    new RegExp(`uses: \\S+?(/actions/(?:${names}))@\\S+`, 'g'),
    `uses: ${publishedName}$1@${publishedTag}`,
  )
}

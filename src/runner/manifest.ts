import type { RootContent } from 'mdast'
import { Document } from 'yaml'
import { code, renderMarkdown, table, text } from '../text/markdown.ts'
import type { ActionContract } from './contract.ts'
import { describeRules, type InputRule } from './input-rules.ts'
import type { Input } from './inputs.ts'

/** The `action.yml` of a contract: https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax */
export function writeManifest({
  name,
  title,
  description,
  branding,
  inputs,
  rules = [],
  outputs,
}: ActionContract): string {
  const manifest = new Document({
    name: title,
    description,
    branding,
    inputs: mapValues(inputs, (each, input) => ({
      description: describeInput(input, each, rules),
      required: each.required,
      ...(each.default !== '' && { default: each.default }),
    })),
    outputs: mapValues(outputs, (each) => ({ description: each })),
    runs: { using: 'node24', main: `${placesOf(name).top}dist/${name}/index.js` },
  })
  manifest.commentBefore = ` written by \`npm run generate\` from src/actions/${name}/contract.ts`
  return manifest.toString({ lineWidth: 0 })
}

/**
 * Where an action's files are, from the top of the repository. The front door is at the top itself, where `uses: owner/name@tag`
 * finds it; its page is a guide, as the README there is that of the whole suite.
 */
export function placesOf(name: string): {
  readonly manifest: string
  readonly readme: string
  /** the way from the manifest to the top */
  readonly top: string
} {
  if (name === 'rollback') return { manifest: 'action.yml', readme: 'docs/rollback.md', top: '' }
  const folder = `actions/${name}`
  return { manifest: `${folder}/action.yml`, readme: `${folder}/README.md`, top: '../../' }
}

/** The parts of an action's README that its contract writes, by the name of the marker they stand between. */
export function writeReadmeParts({
  inputs,
  rules = [],
  outputs,
  permissions,
  morePermissions = {},
}: Pick<ActionContract, 'permissions' | 'morePermissions' | 'outputs'> & {
  readonly inputs: Readonly<Record<string, Pick<Input<unknown>, 'description' | 'default'>>>
  readonly rules?: readonly InputRule[]
}): Readonly<Record<string, string>> {
  return {
    inputs: renderTable(
      ['input', 'what', 'default'],
      Object.entries(inputs).map(([name, each]) => [
        code(name),
        text(describeInput(name, each, rules)),
        each.default === '' ? '' : code(each.default),
      ]),
    ),
    outputs: renderTable(
      ['output', 'what'],
      Object.entries(outputs).map(([name, each]) => [code(name), text(each)]),
    ),
    permissions: renderTable(
      ['permission', 'level', 'when'],
      [
        ...Object.entries(permissions).map(([name, level]) => [code(name), code(level), 'always']),
        ...Object.entries(morePermissions).map(([permission, when]) => {
          const [name = '', level = ''] = permission.split(': ')
          return [code(name), code(level), text(when)]
        }),
      ],
    ),
  }
}

/** Puts each part between `<!-- name -->` and `<!-- /name -->`. @throws Error when a README lacks one of the markers */
export function fillReadme(readme: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((filled, [name, part]) => {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
    const from = filled.indexOf(begin)
    const to = filled.indexOf(end)
    if (from === -1 || to < from) throw new Error(`the README has no ${begin} … ${end}`)
    return `${filled.slice(0, from + begin.length)}\n${part}${filled.slice(to)}`
  }, readme)
}

function renderTable(head: readonly string[], rows: Parameters<typeof table>[1]): string {
  const blocks: readonly RootContent[] = [table(head, rows)]
  // descriptions are our own markdown: their backticks are meant
  return renderMarkdown(blocks).replace(/\\([`~])/g, '$1')
}

/** What an input is, and which others it goes with. */
function describeInput(
  name: string,
  { description }: Pick<Input<unknown>, 'description'>,
  rules: readonly InputRule[],
): string {
  return [description, ...describeRules(name, rules)].join(' ')
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
}

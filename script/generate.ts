/** Writes what is generated from the source: each action's `action.yml`, the tables of the READMEs, the settings' JSON Schema. `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { generatedFiles } from './generated-files.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

for (const { path, text } of generatedFiles(root)) {
  const committed = read(`${root}/${path}`)
  if (committed === text) continue
  if (values.check) {
    process.exitCode = 1
    process.stderr.write(`${path} is not what the source generates: run \`npm run generate\`\n`)
  } else {
    writeFileSync(`${root}/${path}`, text)
    process.stdout.write(`wrote ${path}\n`)
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

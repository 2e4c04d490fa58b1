/**
 * Builds `dist/`: compiles the sources with tsc (`npm run typecheck` checks the types), bundles all actions with ncc in one go,
 * so that what they have in common is there once (what is loaded on need is a file of its own), minifies with names kept, so
 * that a stack trace reads, writes the file that starts each action, and lists the third-party licences.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { minify } from '@swc/core'
import { actions } from '../src/actions/table.ts'
import { licencesOf } from './licenses.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({ options: { out: { type: 'string' } } })
const out = resolve(root, values.out ?? 'dist')
const main = join(out, 'main')
const stats = join(root, 'lib', 'stats.json')

rmSync(join(root, 'lib'), { recursive: true, force: true })
run('tsc', '--project', 'tsconfig.build.json')
// a folder that is named is not emptied: it can be any
if (values.out === undefined) rmSync(out, { recursive: true, force: true })
run(
  'ncc',
  ...['build', 'lib/actions/main.js', '--out', main, '--target', 'es2024'],
  ...['--stats-out', stats, '--no-cache', '--quiet'],
)
const bundled = readdirSync(main).filter((file) => file.endsWith('.js'))
await Promise.all(bundled.map((file) => shorten(join(main, file))))
for (const { name } of actions) {
  mkdirSync(join(out, name))
  const launcher = `import { start } from '../main/index.js'\nawait start('${name}')\n`
  writeFileSync(join(out, name, 'index.js'), launcher)
}
// without it Node takes the files for CommonJS, and they die at start although ncc reported success
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n')
writeFileSync(join(out, 'licenses.txt'), licencesOf(root, readFileSync(stats, 'utf8')))
const bytes = bundled.reduce((sum, file) => sum + statSync(join(main, file)).size, 0)
process.stdout.write(`${actions.length} actions: ${Math.round(bytes / 1000)} kB in ${bundled.length} files\n`)

function run(tool: string, ...parameters: readonly string[]): void {
  execFileSync(`node_modules/.bin/${tool}`, parameters, { cwd: root, stdio: 'inherit' })
}

async function shorten(path: string): Promise<void> {
  const { code } = await minify(readFileSync(path, 'utf8'), {
    module: true,
    compress: { keep_classnames: true, keep_fnames: true },
    // with the names of classes kept, too, swc gives a static initializer a name that is taken
    mangle: { keep_fnames: true },
  })
  writeFileSync(path, code)
}

/**
 * Builds `dist/`: compiles the sources with tsc, bundles the entry point of each action with ncc (what it loads on need is
 * a file of its own), minifies with names kept, so that a stack trace reads, and lists the third-party licences.
 * `npm run build -- NAME` builds only that action.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { minify } from '@swc/core'
import { actions } from '../src/actions/table.ts'
import { licencesOf } from './licenses.ts'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals } = parseArgs({
  options: { out: { type: 'string', default: 'dist' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !actions.some((action) => action.name === name))
if (unknown.length > 0) throw new Error(`there is no action ${unknown.join(', ')}`)
const out = resolve(root, values.out)
const names = actions
  .map(({ name }) => name)
  .filter((name) => positionals.length === 0 || positionals.includes(name))

rmSync(`${root}/lib`, { recursive: true, force: true })
execFileSync('node_modules/.bin/tsc', ['--project', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
mkdirSync(out, { recursive: true })
// without it Node takes the bundles for CommonJS, and they die at start although ncc reported success
writeFileSync(`${out}/package.json`, '{ "type": "module" }\n')
const waiting = [...names]
// two at a time: a runner has two cores
await Promise.all([buildNext(), buildNext()])

async function buildNext(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await build(name)
}

async function build(name: string): Promise<void> {
  const folder = join(out, name)
  const stats = join(root, 'lib', `${name}.stats.json`)
  rmSync(folder, { recursive: true, force: true })
  await execute(
    'node_modules/.bin/ncc',
    [
      ...['build', `lib/actions/${name}/index.js`, '--out', folder, '--target', 'es2024'],
      ...['--stats-out', stats, '--no-cache', '--quiet'],
    ],
    { cwd: root },
  )
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'))
  for (const file of files) {
    const path = join(folder, file)
    const { code } = await minify(readFileSync(path, 'utf8'), {
      module: true,
      compress: { keep_classnames: true, keep_fnames: true },
      // with the names of classes kept, too, swc gives a static initializer a name that is taken
      mangle: { keep_fnames: true },
    })
    writeFileSync(path, code)
  }
  writeFileSync(join(folder, 'licenses.txt'), licencesOf(root, readFileSync(stats, 'utf8')))
  const kilobytes = (file: string) => Math.round(statSync(join(folder, file)).size / 1000)
  const all = files.reduce((sum, file) => sum + kilobytes(file), 0)
  process.stdout.write(`${name}: ${kilobytes('index.js')} kB at start, ${all} kB in all\n`)
}

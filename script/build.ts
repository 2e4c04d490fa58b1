/** Builds `dist/`: compiles the sources with tsc, then bundles the entry point of each action with ncc, with third-party licences.
 * `npm run build -- NAME` builds only that action. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { actions } from '../src/actions/table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals } = parseArgs({
  options: { out: { type: 'string', default: 'dist' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !actions.some((action) => action.name === name))
if (unknown.length > 0) throw new Error(`there is no action ${unknown.join(', ')}`)
const out = resolve(root, values.out)

function run(command: string, ...args: string[]): void {
  execFileSync(`node_modules/.bin/${command}`, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

rmSync(`${root}/lib`, { recursive: true, force: true })
run('tsc', '--project', 'tsconfig.build.json')
mkdirSync(out, { recursive: true })
// without it Node takes the bundles for CommonJS, and they die at start although ncc reported success
writeFileSync(`${out}/package.json`, '{ "type": "module" }\n')
for (const { name } of actions) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  rmSync(`${out}/${name}`, { recursive: true, force: true })
  run(
    'ncc',
    'build',
    `lib/actions/${name}/action.js`,
    '--out',
    `${out}/${name}`,
    '--target',
    'es2024',
    '--license',
    'licenses.txt',
    '--no-cache',
    '--quiet',
  )
  const kilobytes = Math.round(readFileSync(`${out}/${name}/index.js`).length / 1024)
  process.stdout.write(`${name}: ${kilobytes} kB\n`)
}

/**
 * Takes a picture of a job summary, an issue or another Markdown document as GitHub shows it, charts included:
 * `npm run picture -- summary.md docs/pictures/healthy.png`. Needs Debian's chromium; Mermaid, which GitHub draws charts
 * with, is fetched once: with what it stands on it is 80 MB, so no install carries it.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { marked } from 'marked'

const root = fileURLToPath(new URL('..', import.meta.url))
const mermaid = 'mermaid@12.3.0'
/** of the column in which GitHub shows a summary, CSS pixels */
const width = 940

const { positionals } = parseArgs({ allowPositionals: true })
const [source, target] = positionals
if (source === undefined || target === undefined) {
  process.stderr.write(
    'write what to show and where the picture goes: npm run picture -- summary.md picture.png\n',
  )
  process.exit(1)
}
if (!existsSync(source)) end(`there is no ${source}: write the path of a Markdown document`)
if (spawnSync('chromium', ['--version'], { stdio: 'ignore' }).error !== undefined)
  end('chromium is not installed, and the picture is taken with it: apt-get install -y chromium')
const folder = mkdtempSync(join(tmpdir(), 'picture-'))
try {
  const page = join(folder, 'page.html')
  writeFileSync(page, writePage(readFileSync(source, 'utf8'), fetchMermaid()))
  mkdirSync(dirname(target), { recursive: true })
  const height = Number(
    /data-height="(\d+)"/.exec(browse(page, ['--dump-dom', `--window-size=${width},600`]))?.[1],
  )
  if (!(height > 0)) throw new Error('the page was not drawn: is a chart of it wrong?')
  browse(page, [
    `--screenshot=${target}`,
    `--window-size=${width},${height}`,
    '--force-device-scale-factor=2',
    '--hide-scrollbars',
  ])
  if (!existsSync(target)) throw new Error(`${target} was not written`)
  process.stdout.write(`${target}: ${width} × ${height}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** What is missing is one line, and not a stack. */
function end(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** The document between GitHub's own styles; its height is written into the page when the charts are drawn. */
function writePage(markdown: string, script: string): string {
  const styles = readFileSync(
    join(root, 'node_modules/github-markdown-css/github-markdown-light.css'),
    'utf8',
  )
  const body = marked.parse(markdown, { async: false, gfm: true })
  return `<!doctype html><html><head><meta charset="utf-8"><style>${styles}
body { margin: 0; background: #fff } .markdown-body { padding: 24px; font-size: 16px }
.markdown-body .mermaid { text-align: center; background: #fff; border: 1px solid #d1d9e0; border-radius: 6px; margin-bottom: 16px }
</style></head><body><article class="markdown-body">${body}</article>
<script src="${pathToFileURL(script)}"></script><script>
for (const code of document.querySelectorAll('code.language-mermaid')) {
  const chart = document.createElement('div')
  chart.className = 'mermaid'
  chart.textContent = code.textContent
  code.parentElement.replaceWith(chart)
}
mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' })
mermaid.run({ querySelector: '.mermaid' }).then(() => {
  document.body.dataset.height = Math.ceil(document.querySelector('article').getBoundingClientRect().height)
})
</script></body></html>`
}

/** @returns the path of the library as one file */
function fetchMermaid(): string {
  const kept = join(root, '.cache', mermaid)
  const file = join(kept, 'package/dist/mermaid.min.js')
  if (existsSync(file)) return file
  mkdirSync(kept, { recursive: true })
  const archive = execFileSync('npm', ['pack', '--silent', mermaid], { cwd: kept, encoding: 'utf8' }).trim()
  execFileSync('tar', ['-xzf', archive, 'package/dist/mermaid.min.js'], { cwd: kept })
  rmSync(join(kept, archive))
  return file
}

/** Opens the page in a browser of its own, without a window, and waits until nothing is left to draw. */
function browse(page: string, options: readonly string[]): string {
  const common = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--virtual-time-budget=20000',
    `--user-data-dir=${mkdtempSync(join(folder, 'browser-'))}`,
  ]
  return execFileSync('chromium', [...common, ...options, pathToFileURL(page).href], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  })
}

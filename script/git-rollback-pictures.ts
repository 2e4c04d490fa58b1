/**
 * Makes what the README of git-rollback shows of one run again: the log, a picture of the job summary, and a picture of the pull
 * request, of the compiled action on a repository whose branch wants pull requests. `npm run build` first.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runStep } from '../src/drill/runner.ts'
import { jobPermissions, openShop } from '../test/support/repository.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const shop = await openShop({ permissions: { ...jobPermissions, 'pull-requests': 'write' } })
try {
  const good = await shop.commit(
    { 'server.mjs': 'serve()\n', 'lib/price.mjs': 'export const price = 1\n', 'package-lock.json': '{}\n' },
    { message: 'Serve products' },
  )
  shop.deploy(good)
  await shop.commit(
    { 'lib/price.mjs': 'export const price = 2\n' },
    { message: 'Raise the price', author: 'Linus' },
  )
  const bad = await shop.commit(
    {
      'server.mjs': "import { stars } from 'stars'\nserve(stars)\n",
      'package-lock.json': '{ "packages": { "stars": {} } }\n',
      'db/migrations/7_stars.up.sql': 'ALTER TABLE product ADD stars int;\n',
      'db/migrations/7_stars.down.sql': 'ALTER TABLE product DROP stars;\n',
    },
    { message: 'Sort products by their rating', author: 'Grace' },
  )
  shop.deploy(bad)
  await shop.commit(
    { 'docs/opening-hours.md': 'Nine to five\n' },
    { message: 'Add the opening hours', author: 'Ada' },
  )
  shop.hosted.pullsOfCommits.set(bad, await merged(bad))
  shop.hosted.addRuleset({
    name: 'reviewed',
    enforcement: 'active',
    include: ['~DEFAULT_BRANCH'],
    rules: [{ type: 'pull_request', approvals: 1 }],
  })

  const { log, summary, outputs } = await runStep(
    await shop.job({ sha: bad, eventName: 'workflow_dispatch' }),
    {
      action: 'git-rollback',
      inputs: { revision: bad, reason: 'the homepage answers 500 since the deployment', reviewers: 'linus' },
    },
  )
  // a proposal that the rules of the branch require fails the step until it is merged
  if (outputs['decision'] !== 'proposed') throw new Error(log)
  process.stdout.write(`${asOnGitHub(log)}\n`)
  const pull = shop.hosted.issues.find(({ number }) => String(number) === outputs['pull-request'])
  draw('summary', asOnGitHub(summary))
  draw('pull-request', asOnGitHub(`# ${pull?.title} #${pull?.number}\n\n${pull?.body}`))
} finally {
  await shop.close()
}

/** Shows GitHub's address instead of the emulator's. */
function asOnGitHub(text: string): string {
  return text.replace(/http:\/\/127\.0\.0\.1:\d+/g, 'https://github.com')
}

/** The pull request that the bad commit came from. @returns its number */
async function merged(sha: string): Promise<number> {
  const { hosted, open } = shop
  hosted.roles.set('linus', 'write')
  const permissions = { contents: 'write', issues: 'write', 'pull-requests': 'write' } as const
  const { octokit, owner, repo } = open({ login: 'grace', kind: 'user', permissions })
  await hosted.git.moveRef('refs/heads/stars', { from: '', to: sha })
  await hosted.git.moveRef('refs/heads/before', {
    from: '',
    to: (await hosted.git.readCommit(sha)).parents[0] ?? '',
  })
  const made = { owner, repo, title: 'Sort products by their rating', head: 'stars', base: 'before' }
  const { number } = (await octokit.rest.pulls.create(made)).data
  const issue = hosted.issues.find((each) => each.number === number)
  Object.assign(issue?.pull ?? {}, { mergedAs: sha, base: 'main' })
  Object.assign(issue ?? {}, { state: 'closed' })
  return number
}

function draw(name: string, markdown: string): void {
  const source = join(shop.directory, `${name}.md`)
  writeFileSync(source, markdown)
  const picture = join(root, `docs/pictures/git-rollback-${name}.png`)
  execFileSync(process.execPath, [join(root, 'script/picture.ts'), source, picture], { stdio: 'inherit' })
}

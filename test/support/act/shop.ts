import { badChanges, goodChanges } from '../../../src/drill/history.ts'
import { openUsersRepository, type UsersRepository } from './users-repository.ts'

/** A user's repository with a production of one good deployment. */
export interface Shop extends UsersRepository {
  readonly good: string
  /** Deploys a revision that breaks production; nobody has noticed. @returns the revision */
  readonly breakProduction: () => Promise<string>
}

/** Their deploy, with no guard behind it. */
const deployWorkflow = `name: deploy
on: { push: { branches: [main] }, workflow_dispatch: {} }
permissions: { contents: read }
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: curl --fail-with-body --silent --show-error --data "$GITHUB_SHA" "$DEPLOY_HOOK"
`

/** @param workflows files for .github/workflows */
export async function openShop(workflows: Readonly<Record<string, string>>): Promise<Shop> {
  const users = await openUsersRepository()
  const [shop] = goodChanges({ url: '', storage: '', more: '' })
  const good = await users.push('A shop', {
    ...shop?.files,
    '.github/workflows/deploy.yml': deployWorkflow,
    '.github/rollback.yml': settings(users.production.url),
    ...Object.fromEntries(
      Object.entries(workflows).map(([name, text]) => [`.github/workflows/${name}`, text]),
    ),
  })
  await deploy(users)
  return {
    ...users,
    good,
    async breakProduction() {
      const bad = await users.push('Sort products by their rating', {
        'server.mjs': badChanges()[1]?.files['server.mjs'] ?? '',
      })
      await deploy(users)
      return bad
    },
  }
}

async function deploy(users: UsersRepository): Promise<void> {
  const { exitCode, log } = await users.run('.github/workflows/deploy.yml')
  if (exitCode !== 0) throw new Error(`the deploy did not run:\n${log}`)
}

const settings = (url: string) => `environment: production
health:
  window: 2s
  interval: 250ms
  checks: [{ name: homepage, type: http, url: "${url}/", severity: critical, on-error: fail }]
rollback: { verify: 10s }
code: { redeploy: { workflow: deploy.yml } }
`

/** Takes app.json of a folder back to its newest backup, in a process that a test can kill. */
import { applyRestore, planRestore } from '../../../src/layers/config/restore.ts'
import { findTarget } from '../../../src/layers/config/target.ts'

const [folder = '', storage = ''] = process.argv.slice(2)
const environment = 'production'
const target = await findTarget({
  target: 'latest',
  storage,
  environment,
  paths: ['app.json'],
  deployment: { revision: 'a'.repeat(40), since: new Date() },
  readRevision: async () => undefined,
})
const options = {
  folder,
  target,
  keys: [],
  schema: undefined,
  required: [],
  allowRemoval: false,
  secrets: [],
}
const planned = await planRestore(options)
process.stdout.write('planned\n')
const about = { environment, revision: 'a'.repeat(40), by: 'grace', reason: 'a test' }
await applyRestore(planned, { ...options, ...about, storage, now: new Date() })

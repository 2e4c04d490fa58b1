import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const tar = join(process.env.RUNNER_TEMP, 'artifact.tar')
execFileSync('tar', [
  '--dereference',
  '--hard-dereference',
  '--directory',
  process.env.INPUT_PATH,
  '-cf',
  tar,
  '.',
])
process.env.INPUT_PATH = tar
await import('../../artifact/upload/index.mjs')

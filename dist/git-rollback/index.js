import { start } from '../main/index.js'
await start('git-rollback')

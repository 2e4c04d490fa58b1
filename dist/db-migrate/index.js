import { start } from '../main/index.js'
await start('db-migrate')

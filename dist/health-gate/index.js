import { start } from '../main/index.js'
await start('health-gate')

/** Imported before a bundle: writes how many bytes of JavaScript its process loads, to the file that LOADED_BYTES names. */
import { statSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

const file = process.env['LOADED_BYTES'] ?? ''
let bytes = 0
registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith('file:') && url.endsWith('.js')) {
      bytes += statSync(fileURLToPath(url)).size
      // what is killed later has loaded this by then
      writeFileSync(file, String(bytes))
    }
    return nextLoad(url, context)
  },
})

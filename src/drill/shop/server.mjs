// The drill's production: a small shop that serves its page and its products from a SQLite database.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'

const page = readFileSync(new URL('./index.html', import.meta.url), 'utf8')
const database = new DatabaseSync(process.env.DATABASE)

/** How this machine is set up, and which features are on, can change without a deployment. */
function configured() {
  const folder = process.env.CONFIGURATION
  if (folder === undefined) return ''
  const read = (file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))
  const isOn = read('flags.json').flags.recommendations.state === 'ENABLED'
  return `\n<!-- prices in ${read('shop.json').currency} -->${isOn ? '\n<li>People also bought: everything</li>' : ''}`
}

createServer((request, response) => {
  try {
    if (request.url === '/revision')
      return response.end(readFileSync(new URL('./REVISION', import.meta.url), 'utf8'))
    const products = database.prepare('SELECT name, price FROM product ORDER BY name').all()
    const rows = products.map(({ name, price }) => `<li>${name}: ${price}</li>`).join('\n')
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(page.replace('<!-- products -->', rows + configured()))
  } catch (error) {
    response.statusCode = 500
    response.end(`Internal Server Error: ${error.message}\n`)
  }
}).listen(Number(process.env.PORT), '127.0.0.1')

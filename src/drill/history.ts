import { readFileSync } from 'node:fs'

/** One commit of the shop: the files it changes (null takes one away) and what its author said. */
export interface Change {
  readonly title: string
  readonly author: string
  readonly files: Readonly<Record<string, string | null>>
}

const shop = (name: string) => readFileSync(new URL(`./shop/${name}`, import.meta.url), 'utf8')
const server = shop('server.mjs')
const page = shop('index.html')

const files = (...names: string[]) => Object.fromEntries(names.map((name) => [name, shop(name)]))

/**
 * What the shop's people did up to the good revision, oldest first.
 * @param url where the shop is served
 * @param storage folder of the database's backups
 * @param more sections of the settings on what else is rehearsed
 */
export function goodChanges({
  url,
  storage,
  more,
}: {
  url: string
  storage: string
  more: string
}): readonly Change[] {
  const settings = shop('rollback.yml').replace('https://shop.example/', url).replace('/backups', storage)
  return [
    {
      title: 'A shop that serves its products',
      author: 'Ada',
      files: {
        'server.mjs': server,
        'index.html': page,
        ...files('db/1_products.up.sql', 'db/1_products.down.sql'),
      },
    },
    {
      title: 'Watch the homepage after each deploy',
      author: 'Grace',
      files: {
        '.github/rollback.yml': settings + more,
        '.github/workflows/deploy.yml': shop('deploy.yml'),
      },
    },
    { title: 'Say what this is', author: 'Ada', files: { 'README.md': '# Shop\n\nSells kettles.\n' } },
    {
      title: 'Welcome people',
      author: 'Linus',
      files: { 'index.html': page.replace('<h1>Shop</h1>', '<h1>Welcome to the shop</h1>') },
    },
  ]
}

/** What they did then: the second of these breaks production, and the tests they had did not see it. */
export function badChanges(): readonly Change[] {
  const welcome = page.replace('<h1>Shop</h1>', '<h1>Welcome to the shop, now with ratings</h1>')
  return [
    { title: 'Announce the ratings', author: 'Linus', files: { 'index.html': welcome } },
    {
      title: 'Sort products by their rating',
      author: 'Grace',
      files: {
        'server.mjs': server.replace(
          'price FROM product ORDER BY name',
          'amount AS price FROM product ORDER BY rating DESC',
        ),
        // the good revision's code cannot do with what this leaves
        'db/2_amount.up.sql': 'ALTER TABLE product RENAME COLUMN price TO amount;\n',
        'db/2_amount.down.sql': 'ALTER TABLE product RENAME COLUMN amount TO price;\n',
      },
    },
    {
      title: 'Rename the readme',
      author: 'Ada',
      files: { 'README.md': null, 'docs/README.md': '# Shop\n\nSells kettles and teapots.\n' },
    },
  ]
}

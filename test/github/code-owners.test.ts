import { expect, test } from '@jest/globals'
import { ownersOf } from '../../src/github/code-owners.ts'

/** The example of https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners */
const text = `# comment
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com @docs-owner
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @logs-owner
/apps/github
/with\\ space/ @spacy
a/**/b.ts @deep
`

test.each([
  ['README', ['global-owner1', 'global-owner2']],
  ['src/x.js', ['js-owner']],
  ['main.go', []],
  ['deep/down/x.txt', ['octo-org/octocats']],
  ['build/logs/a/b', ['logs-owner']],
  ['docs/a.md', ['doctocat']],
  ['src/docs/a.md', ['global-owner1', 'global-owner2']],
  ['src/apps/x', ['octocat']],
  ['apps/github/x', []],
  ['scripts/run', ['doctocat', 'octocat']],
  ['x/logs/y', ['logs-owner']],
  ['with space/x', ['spacy']],
  ['a/b.ts', ['deep']],
  ['a/x/y/b.ts', ['deep']],
])('%s is owned by %j: the last line that matches counts', (path, owners) => {
  expect(ownersOf(text, [path])).toEqual(owners)
})

test('`docs/*` is about the files of a folder, and not of those below it', () => {
  expect(ownersOf('docs/* @docs', ['docs/a.md', 'docs/b/c.md'])).toEqual(['docs'])
  expect(ownersOf('docs/* @docs', ['docs/b/c.md'])).toEqual([])
})

test('what is no login or team is left out, and a hostile pattern ends', () => {
  expect(ownersOf('* @a @b/c <script> @x`y @@z evil', ['f'])).toEqual(['a', 'b/c'])
  expect(ownersOf(`${'*a'.repeat(20)} @x`, [`${'a'.repeat(60)}b`])).toEqual([])
})

import { expect, test } from '@jest/globals'
import {
  code,
  codeBlock,
  comment,
  heading,
  paragraph,
  renderMarkdown,
  table,
  text,
} from '../../src/text/markdown.ts'

test('text from outside cannot become markup', () => {
  const hostile = '<img src=x onerror=alert(1)> **bold** [a](javascript:1) | ` # @octocat\n## heading'
  const markdown = renderMarkdown([paragraph(text(hostile))])
  expect(markdown).not.toMatch(/(^|[^\\])<img/)
  expect(markdown).not.toMatch(/(^|[^\\])\*\*bold/)
  expect(markdown).not.toMatch(/(^|[^\\])\[a\]\(/)
  expect(markdown).not.toMatch(/^## heading/m)
  expect(markdown).not.toContain('@octocat')
})

test('text from outside mentions nobody and refers to no issue', () => {
  const markdown = renderMarkdown([
    paragraph(text('ask @grace or @octo-org/all about #12 and octo-org/shop#7')),
  ])
  expect(markdown).not.toMatch(/@\w|#\d/)
  expect(markdown.replaceAll('\u200b', '')).toBe(
    'ask @grace or @octo-org/all about #12 and octo-org/shop#7\n',
  )
})

test('a code span holds backticks and stays on its line', () => {
  expect(renderMarkdown([paragraph(code('a `` b\nc'))])).toBe('`a `` b c`\n')
})

test('a pipe or a line break in a cell does not break the table', () => {
  const markdown = renderMarkdown([table(['a', 'b'], [[text('x | y'), code('p|q\nr')]])])
  expect(markdown.trim().split('\n')).toHaveLength(3)
  expect(markdown).toContain('x \\| y')
  expect(markdown).toContain('`p\\|q r`')
})

test('a fence is longer than any in the block', () => {
  expect(renderMarkdown([codeBlock('```\nx\n```', 'sh')])).toBe('````sh\n```\nx\n```\n````\n')
})

test('a hidden marker cannot be closed from inside', () => {
  expect(() => comment('x --> <script>')).toThrow('two dashes')
})

test('headings and paragraphs come out as written', () => {
  expect(renderMarkdown([heading(2, 'Summary'), paragraph('plain')])).toBe('## Summary\n\nplain\n')
})

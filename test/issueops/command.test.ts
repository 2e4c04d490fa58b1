import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseCommand } from '../../src/issueops/command.ts'

const asked = { name: 'rollback', plan: false, environment: '', target: '', reason: '' }

describe('a command', () => {
  test.each([
    ['/rollback', asked],
    ['/rollback staging', { ...asked, environment: 'staging' }],
    ['/rollback to v1.4', { ...asked, target: 'v1.4' }],
    ['/rollback to HEAD~2', { ...asked, target: 'HEAD~2' }],
    ['/rollback reason the cart is empty', { ...asked, reason: 'the cart is empty' }],
    [
      '/rollback eu/production to release/1.4 reason to be safe',
      { ...asked, environment: 'eu/production', target: 'release/1.4', reason: 'to be safe' },
    ],
    ['/rollback plan', { ...asked, plan: true }],
    ['/rollback plan staging to v1', { ...asked, plan: true, environment: 'staging', target: 'v1' }],
    ['/rollback  \t staging  ', { ...asked, environment: 'staging' }],
    ['/rollback staging\n\nSorry, everyone.', { ...asked, environment: 'staging' }],
    ['/rollback staging\r\nSorry, everyone.', { ...asked, environment: 'staging' }],
    ['/hold', { name: 'hold', environment: '', reason: '' }],
    ['/hold staging', { name: 'hold', environment: 'staging', reason: '' }],
    ['/hold reason audit until Friday', { name: 'hold', environment: '', reason: 'audit until Friday' }],
    ['/hold staging reason audit', { name: 'hold', environment: 'staging', reason: 'audit' }],
    ['/unhold', { name: 'unhold', environment: '', reason: '' }],
    ['/unhold staging', { name: 'unhold', environment: 'staging', reason: '' }],
    ['/ack', { name: 'ack', environment: '', reason: '' }],
    ['/ack looking at it', { name: 'ack', environment: '', reason: 'looking at it' }],
    ['/escalate reason no answer', { name: 'escalate', environment: '', reason: 'no answer' }],
    ['/resolve', { name: 'resolve', environment: '', reason: '' }],
    ['/severity high', { name: 'severity', environment: '', severity: 'high', reason: '' }],
    [
      '/severity low reason few users',
      { name: 'severity', environment: '', severity: 'low', reason: 'few users' },
    ],
    ['/note the queue is full', { name: 'note', environment: '', at: '', note: 'the queue is full' }],
    ['/publish', { name: 'publish', environment: '', text: '' }],
    ['/publish Checkout works again.', { name: 'publish', environment: '', text: 'Checkout works again.' }],
    [
      '/publish Checkout works again.\r\n\r\nOrders of this morning\nare kept.\n\n> On Tue, ada wrote:\n> /publish',
      {
        ...{ name: 'publish', environment: '' },
        text: 'Checkout works again.\n\nOrders of this morning\nare kept.',
      },
    ],
    ['/publish\n\nWe are back.', { name: 'publish', environment: '', text: 'We are back.' }],
    [
      '/note the queue is full\nsince noon\n\n<!-- sent from my phone -->',
      { name: 'note', environment: '', at: '', note: 'the queue is full\nsince noon' },
    ],
    ['/note at 14:05\nit began', { name: 'note', environment: '', at: '14:05', note: 'it began' }],
    ['/note at 14:05 it began', { name: 'note', environment: '', at: '14:05', note: 'it began' }],
  ])('%j', (comment, expected) => {
    expect(parseCommand(comment)).toEqual(expected)
  })
})

describe('no command', () => {
  test.each([
    ['a quote', '> /rollback'],
    ['a quote of an acknowledgement (oca-github-bot 82)', '> /ack'],
    ['code (conda-forge-webservices 411)', '```\n/resolve\n```'],
    ['a mention before it (homu 202)', '@rollback /ack'],
    ['a quote in a quote', '>> /rollback\n\n/rollback'],
    ['a fenced block of code', '```\n/rollback\n```'],
    ['an indented block of code', '    /rollback'],
    ['a span of code', '`/rollback`'],
    ['an item of a list', '- /rollback'],
    ['a later line', 'I think\n/rollback'],
    ['a later paragraph', 'I think\n\n/rollback'],
    ['a heading', '# /rollback'],
    ['a hidden comment', '<!-- /rollback -->'],
    ['bold', '**/rollback**'],
    ['a command of another bot', '/retest'],
    ['a command of another bot that is nearly one', '/vote'],
    ['a path', '/rollback/now'],
    ['nothing', ''],
    ['white space', ' \n\t\n'],
  ])('is in %s', (_, comment) => {
    expect(parseCommand(comment)).toBeUndefined()
  })
})

describe('a command that is not understood', () => {
  test.each([
    ['/Rollback', '`/Rollback` is not a command; did you mean `/rollback`?'],
    ['/rollbak production', '`/rollbak …` is not a command; did you mean `/rollback`?'],
    ['/rollbacks', 'did you mean `/rollback`?'],
    ['/unhodl', 'did you mean `/unhold`?'],
    ['/rollback\u00a0production', 'write `/rollback` with plain spaces'],
    ['/rollback to', 'names no revision'],
    ['/severity urgent', '`urgent` is not a severity; write `/severity critical`'],
    ['/severity', 'is not a severity'],
    ['/note', 'the note is empty'],
    ['/note at 14:05', 'the note is empty'],
    ['/rollback to reason x', 'names no revision'],
    ['/rollback reason', 'followed by no words'],
    ['/rollback staging please', 'not clear what `please` is'],
    ['/hold audit until Friday', 'not clear what `until` is; write `/hold [environment] [reason words]`'],
    ['/unhold reason', 'followed by no words'],
    ['/hold $(id)', 'not the name of an environment'],
    ['/rollback $(id)', 'not the name of an environment'],
    ['/rollback to --upload-pack=x', 'not a revision'],
    ['/rollback to a`b', 'not a revision'],
  ])('%s: is told what is wrong with it', (comment, problem) => {
    expect(parseCommand(comment)).toMatchObject({
      name: 'misunderstood',
      problem: expect.stringContaining(problem),
    })
  })
})

test('whatever is in a comment, what it names is a plain name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (environment, target) => {
      const command = parseCommand(`/rollback ${environment} to ${target}`)
      if (command?.name !== 'rollback') return
      expect(command.environment).toMatch(/^([\w][\w./-]*)?$/)
      expect(command.target).toMatch(/^([\w][\w./~-]*)?$/)
    }),
  )
})

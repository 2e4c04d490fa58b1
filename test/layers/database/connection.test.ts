import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { InputError } from '../../../src/errors.ts'
import { parseConnection } from '../../../src/layers/database/connection.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'

describe('an address', () => {
  test.each([
    ['postgres://u:se%cret@host/app', /has a "%" that is not percent-encoded.*write %25/],
    ['postgres://u:100%@host/app', /has a "%" that is not percent-encoded/],
    ['postgres://u:se#cret@host/app', /has a "#" that is not percent-encoded.*write %23/],
    ['postgres://u:1#2@host/app', /has a "#" that is not percent-encoded/],
    ['mysql://u:se/cret@host/app', /has a "\/" that is not percent-encoded.*write %2F/],
    ['mysql://u:123/4@host/app', /has a "\/" that is not percent-encoded/],
    ['mysql://u:se?cret@host/app', /has a "\?" that is not percent-encoded.*write %3F/],
    ['mysql://u:p@ss/word@host/app', /has a "\/" that is not percent-encoded/],
    ['postgres://u@host/my#app', /has a "#" that is not percent-encoded/],
    ['jdbc:postgresql://host/app?user=u', /begins with "jdbc:postgresql:".*write postgres:\/\/user/],
    ['jdbc:mariadb://host/app', /begins with "jdbc:mariadb:".*write mysql:\/\/user/],
    ['postgresql+psycopg2://u@host/app', /begins with "postgresql\+psycopg2:".*write postgres:\/\//],
    ['mysql+pymysql://u@host/app', /begins with "mysql\+pymysql:".*write mysql:\/\//],
    ['mysql2://u@host/app', /begins with "mysql2:".*write mysql:\/\//],
    ['pgsql://u@host/app', /begins with "pgsql:".*write postgres:\/\//],
    ['sqlite:///srv/app.db?mode=ro', /options such as \?mode=ro are not supported/],
    ['oracle://u@host/app', /of a kind of database that is not known/],
  ])('%s is refused with what to write', (url, message) => {
    expect(() => parseConnection(url)).toThrow(message)
    expect(() => parseConnection(url)).toThrow(InputError)
    expect(() => parseConnection(url)).not.toThrow(/se.?cret/)
  })

  test('takes a password of any characters, encoded, and an address that holds an @ elsewhere', () => {
    const text = fc.string({ minLength: 1, unit: 'binary' }).filter((each) => each.isWellFormed())
    fc.assert(
      fc.property(text, text, (user, password) => {
        const url = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@host/app`
        expect(parseConnection(url)).toMatchObject({ user, password, host: 'host', database: 'app' })
      }),
    )
    expect(parseConnection('postgres://u:p@ss@host/app')).toMatchObject({ password: 'p@ss', host: 'host' })
    expect(parseConnection('postgres://host/app?application_name=a@b')).toMatchObject({ database: 'app' })
  })

  test('of any text is parsed or refused for the user', () => {
    const parts = fc.array(
      fc.constantFrom(
        'postgres://',
        'mysql:',
        '@',
        ':',
        '/',
        '#',
        '?',
        '%',
        '%41',
        'u',
        'host',
        '1',
        '[',
        ' ',
      ),
    )
    fc.assert(
      fc.property(parts, (each) => {
        try {
          parseConnection(each.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a storage', () => {
  test('below a pseudo file system ends with a clear error', async () => {
    for (const root of ['/proc', '/sys', '/proc/rollback']) {
      await openFolderStore(root).list()
      const written = openFolderStore(root).write('b/manifest.json', Readable.from(['x']))
      await expect(written).rejects.toThrow(/cannot be written to/)
    }
  })

  test('that holds a folder without an end is listed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'store-'))
    try {
      execFileSync('ln', ['-s', '.', join(folder, 'loop')])
      await openFolderStore(folder).write('b/manifest.json', Readable.from(['x']))
      expect(await openFolderStore(folder).list()).toEqual(['b/manifest.json'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Manifest } from '../../../src/layers/database/manifest.ts'
import { applyRetention, chooseExpired } from '../../../src/layers/database/retention.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'

const now = new Date('2026-11-24T12:00:00Z')
const hourMs = 3_600_000

/** Verified backups, newest first, of these ages in hours. */
function backups(each: readonly { age: number; pinned: boolean; before: string }[]): readonly Manifest[] {
  return each
    .toSorted((a, b) => a.age - b.age)
    .map(({ age, pinned, before }, index) => ({
      format: 3,
      name: `b${index}`,
      engine: 'sqlite',
      database: 'app',
      source: 's',
      server: '',
      tool: '',
      environment: 'production',
      before,
      createdAt: new Date(now.getTime() - age * hourMs).toISOString(),
      pinned,
      encrypted: false,
      compression: 'zstd',
      verification: { level: 'restore', at: now.toISOString() },
      contents: { tables: [], schema: '0'.repeat(64) },
      migrations: [],
      parts: [],
    }))
}

const anyBackups = fc
  .array(fc.record({ age: fc.nat(500), pinned: fc.boolean(), before: fc.constantFrom('a', 'b', 'c') }), {
    maxLength: 20,
  })
  .map(backups)

test('whatever the backups and the rule: the newest, the pinned, the young and those of live revisions stay', () => {
  fc.assert(
    fc.property(
      anyBackups,
      fc.nat(8),
      fc.nat(300),
      fc.subarray(['a', 'b', 'c']),
      (verified, keep, hours, live) => {
        const rule = { keep, keepForMs: hours * hourMs, liveRevisions: new Set(live), now }
        const expired = chooseExpired(verified, rule)
        const left = verified.filter((each) => !expired.includes(each))
        expect(left.length).toBeGreaterThanOrEqual(Math.min(verified.length, Math.max(1, keep)))
        expect(left.slice(0, 1)).toEqual(verified.slice(0, 1))
        for (const { pinned, before, createdAt } of expired) {
          expect(pinned || live.includes(before)).toBe(false)
          expect(now.getTime() - Date.parse(createdAt)).toBeGreaterThan(hours * hourMs)
        }
        // and again: there is nothing more to delete
        expect(chooseExpired(left, rule)).toEqual([])
      },
    ),
  )
})

test('a backup from the future takes no place of another, and is not deleted', () => {
  const made = backups([-9000, 1, 2, 3].map((age) => ({ age, pinned: false, before: 'a' })))
  const rule = { keep: 2, keepForMs: 0, liveRevisions: new Set<string>(), now }
  expect(chooseExpired(made, rule)).toEqual(made.slice(3))
  expect(chooseExpired(made, { ...rule, keep: 0 })).toEqual(made.slice(2))
})

test('what a killed backup left goes after a day, and nothing else does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'retention-'))
  try {
    const names = ['20261122T110000Z-1111111-aaaaaa', '20261124T110000Z-1111111-aaaaaa', 'notes']
    for (const name of names) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'database.sqlite.zst'), 'cut short')
    }
    const rule = { keep: 1, keepForMs: 0, liveRevisions: new Set<string>(), now }
    const store = openFolderStore(folder)
    await applyRetention({ store, source: 's', environment: 'production', rule, log: () => {} })
    expect(names.map((name) => existsSync(join(folder, name)))).toEqual([false, true, true])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** A tool or the server that ends at any moment of a backup or a restore: what is there is old or new, and whole. */
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { readCatalog, verifyStored } from '../../../src/layers/database/catalog.ts'
import { differences } from '../../../src/layers/database/compare.ts'
import { openFolderStore } from '../../../src/layers/database/store/folder.ts'
import { ended, type Kind, makeDatabase, type TestDatabase, useServers } from '../../support/databases.ts'

const scene = useServers()

const tools: Readonly<Record<string, RegExp>> = {
  postgres: /^(pg_dump|pg_restore)$/,
  mysql: /^(mariadb-dump|mariadb)$/,
}

describe.each(['postgres', 'mysql'] as const)('on %s', (kind: Kind) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await makeDatabase(kind, scene.servers, scene.folder)
    await database.fill(40_000)
  })

  const victims = {
    'the process': async (child: ChildProcess) => void child.kill('SIGKILL'),
    'its tool': async (child: ChildProcess) => killTool(child, tools[kind] ?? /^$/),
    'the server': async () => scene.servers[kind === 'mysql' ? 'mysql' : 'postgres'].crash(),
  }

  test.each(Object.entries(victims))(
    'when %s is killed in a backup, there is none of it, or a whole one',
    async (what, kill) => {
      const store = openFolderStore(database.backups)
      for (let round = 0; round < 4; round += 1) {
        const child = database.start('backup')
        const said = ended(child)
        await strike(child, kill, { afterMs: 50 * round * round })
        const isDone = child.exitCode === 0
        const { backups, broken } = await readCatalog(store)
        for (const manifest of backups) await verifyStored(store, manifest)
        // what is left alive takes away what it began
        if (what !== 'the process') {
          expect({ said: await said, broken }).toMatchObject({ broken: [] })
          if (!isDone) expect(await said).toMatch(/(Refused|Unavailable|Conflict)Error: /)
        }
      }
      const manifest = await database.back()
      expect(differences(manifest.contents, await database.contents())).toEqual([])
    },
  )

  test.each(Object.entries(victims))(
    'when %s is killed in a restore, all is old or all is new, and the next one ends it',
    async (what, kill) => {
      const manifest = await database.back()
      await database.run("UPDATE t SET v = 'bad'")
      const bad = await database.contents()
      const seen: string[] = []
      for (let round = 0; round < 4 && !seen.includes('new'); round += 1) {
        const child = database.start('restore', { name: manifest.name })
        const said = ended(child)
        await strike(child, kill, { afterMs: 50 * round * round })
        if (kind === 'mysql') await renamesEnded()
        const now = await database.contents()
        const state = [bad, manifest.contents].findIndex((each) => differences(each, now).length === 0)
        expect({ said: await said, state }).not.toMatchObject({ state: -1 })
        seen.push(state === 0 ? 'old' : 'new')
        if (what !== 'the process' && state === 0)
          expect(await said).toMatch(/(Refused|Unavailable|Conflict)Error: /)
        if (what === 'its tool' && state === 0) expect(await database.names()).toEqual(['shop'])
      }
      expect(seen).toContain('old')
      await database.restore(manifest)
      expect(differences(manifest.contents, await database.contents())).toEqual([])
      const left = (await database.names()).filter((name) => name.includes('_restoring_'))
      expect(seen.includes('new') ? [] : left).toEqual([])
    },
  )
})

/** A statement goes on without its client, and the list of tables shows a rename half done. */
async function renamesEnded(): Promise<void> {
  const running =
    "SELECT 1 AS one FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE%' AND ID <> CONNECTION_ID()"
  while ((await scene.servers.mysql.sql(undefined, running)).length > 0) await sleep(20)
}

/** Kills so long after the process said what it does, or not at all where that comes too late. */
async function strike(
  child: ChildProcess,
  kill: (child: ChildProcess) => Promise<void>,
  { afterMs }: { afterMs: number },
): Promise<void> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  await Promise.race([closed, new Promise((resolve) => child.stdout?.once('data', resolve))])
  await Promise.race([closed, sleep(afterMs)])
  await kill(child)
  await closed
}

/** Kills the tool that a process runs, as soon as it runs one that does more than tell its version. */
async function killTool(child: ChildProcess, name: RegExp): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const [tool] = descendants(child.pid ?? 0).filter(
      (each) => name.test(each.name) && each.args !== '' && !each.args.includes('--version'),
    )
    try {
      if (tool !== undefined) return void process.kill(tool.pid, 'SIGKILL')
    } catch {
      // it has ended meanwhile: the next one
    }
    await sleep(2)
  }
}

/**
 * From the kernel's own files: to start `ps` every few milliseconds would take more than what is tested. What has ended and
 * is still listed has no arguments.
 */
function descendants(
  of: number,
): readonly { readonly pid: number; readonly name: string; readonly args: string }[] {
  const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const children = (pid: number) =>
    readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      read(pid, `task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    )
  try {
    return children(of).flatMap((pid) => [
      {
        pid,
        name: read(pid, 'comm').trim(),
        args: read(pid, 'cmdline').replaceAll('\0', ' '),
      },
      ...descendants(pid),
    ])
  } catch {
    // one of them ended meanwhile
    return []
  }
}

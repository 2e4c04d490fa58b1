import { join } from 'node:path'
import { allEnded } from '../all-ended.ts'
import type { Contents, DumpSource, Staged, StageOptions } from '../engine.ts'
import { writeFileFrom } from '../write-file.ts'
import { refuseDamage } from './damage.ts'
import { copyDatabase, exists, readContents, readSchema, removeDatabase, withDatabase } from './file.ts'
import { describeImage, digestImage, readDigest } from './image.ts'
import { copyLive, type LiveCopy } from './live-copy.ts'
import { countNewerRows, newerRows } from './newer.ts'
import { findChangedTables } from './pages.ts'
import { replaceLive } from './replace.ts'

/** The one part of a backup. */
export const part = 'database.sqlite'

/** The place of a live database: its file, and where a copy of it is made. */
interface Place {
  readonly live: string
  readonly compared: string
  readonly keptPath: (name: string) => string
  readonly log: (line: string) => void
}

export interface Staging {
  readonly stage: (source: DumpSource, options?: StageOptions) => Promise<Staged>
  /** What is in the live database, with the tables labelled that are as in the staged copy; undefined while nothing is staged. */
  readonly compareLive: () => Promise<Contents | undefined>
}

/** Backups that are loaded beside the live database, one at a time. */
export function openStaging({ live, compared, keptPath, log }: Place): Staging {
  let staged: string | undefined
  /** the live database as it was when it was compared; its safety copy while nobody has written since */
  let taken: Promise<LiveCopy> | undefined
  const takeCopy = () => {
    taken ??= copyLive(live, compared)
    return taken
  }
  const dropCopy = async () => {
    const copy = await taken?.catch(() => undefined)
    taken = undefined
    await copy?.discard()
  }
  return {
    async stage({ open, scratch }, { compare = true } = {}) {
      const copy = join(scratch, part)
      const content = await open(part)
      const image = compare ? digestImage(content) : undefined
      await writeFileFrom(image?.content ?? content, copy)
      staged = copy
      return {
        check: () => refuseDamage(copy, 'the backup', log),
        contents: async () =>
          labelTables(await describeImage(copy, image?.digest() ?? (await readDigest(copy))), new Set()),
        schema: () => withDatabase(copy, readSchema),
        countNewerRows: (table) => countNewerRows({ live, copy, table }),
        newerRows: (table) => newerRows({ live, copy, table }),
        prepare: async () => void ((await exists(live)) && (await takeCopy())),
        async swap(kept) {
          if (kept === '') return copyDatabase(copy, live)
          // while others can still write; what they write after this is copied when they cannot
          if (!(await takeCopy()).isCurrent()) await dropCopy()
          const safety = await takeCopy()
          taken = undefined
          await replaceLive(safety, { by: copy, live, kept: keptPath(kept) })
        },
        async discard() {
          staged = undefined
          await dropCopy()
          await removeDatabase(copy)
        },
      }
    },

    async compareLive() {
      if (staged === undefined) return undefined
      const { path } = await takeCopy()
      const [contents, changed] = await allEnded([readContents(path), findChangedTables(path, staged)])
      return labelTables(contents, changed)
    },
  }
}

/** Labels the tables that are the same as in the staged copy, whose own have that label too. */
function labelTables(contents: Contents, changed: ReadonlySet<string> | 'all'): Contents {
  const labelOf = (name: string) => (changed === 'all' || changed.has(name) ? 'changed' : 'as staged')
  return { ...contents, tables: contents.tables.map((table) => ({ ...table, digest: labelOf(table.name) })) }
}

import { rm } from 'node:fs/promises'
import type { DumpSource, Staged, StageOptions } from '../engine.ts'
import { runTool } from '../tool.ts'
import type { Server } from './server.ts'
import { type Dump, unpackDump } from './unpack.ts'

/** Loads a dump, or some of it, beside the live database. */
export type Load = (dump: Dump) => Promise<Staged>

/** Loads a backup: whole, or of one that is larger than the limit the whole schema and the rows of some tables. */
export async function stageBackup(
  server: Server,
  source: DumpSource,
  { limit, load }: StageOptions & { readonly load: Load },
): Promise<Staged> {
  const total = source.parts.reduce((sum, part) => sum + source.sizeOf(part), 0)
  if (limit !== undefined && total > limit) return stageSample(server, source, { limit, load })
  const dump = await unpackDump(source)
  try {
    return await load(dump)
  } finally {
    await rm(dump.folder, { recursive: true, force: true })
  }
}

const rows = /^(\d+); \d+ \d+ TABLE DATA (.*)$/
/** What needs rows that are not there, and comments on it. */
const ofRows = /^\d+; \d+ \d+ (?:FK CONSTRAINT|MATERIALIZED VIEW DATA|BLOBS|COMMENT) /

/** Loads twice: the schema alone, whose digest it keeps, and then the rows of tables chosen at random, without foreign keys. */
async function stageSample(
  server: Server,
  source: DumpSource,
  { limit, load }: { readonly limit: number; readonly load: Load },
): Promise<Staged> {
  const isRows = (part: string) => /^\d+\.dat/.test(part)
  const dump = await unpackDump(
    source,
    source.parts.filter((part) => !isRows(part)),
  )
  try {
    const bare = await load({ ...dump, schemaOnly: true })
    const { schema, tables } = await bare.contents().finally(() => bare.discard())
    const list = await listEntries(server, dump)
    const chosen = choose(list, { limit, sizeOf: source.sizeOf, names: tables.map(({ name }) => name) })
    await unpackDump(
      source,
      source.parts.filter((part) => chosen.has(part)),
    )
    const staged = await load({
      ...dump,
      keep: (line) => {
        const [, id] = rows.exec(line) ?? []
        return id === undefined ? !ofRows.test(line) : chosen.has(partOf(id))
      },
    })
    return {
      ...staged,
      contents: async () => ({ ...(await staged.contents()), schema }),
      schema: async () => schema,
      sample: new Set(chosen.values()),
      swap: () => Promise.reject(new TypeError('a sample is not put in the place of a database')),
    }
  } finally {
    await rm(dump.folder, { recursive: true, force: true })
  }
}

/** The lines of a dump's list: `3345; 0 16389 TABLE DATA public product owner`. */
export async function listEntries(server: Server, { folder }: Dump): Promise<readonly string[]> {
  const tool = await server.prepareTool('pg_restore')
  return (await runTool({ ...tool, args: ['--list', folder] })).split('\n')
}

/** Tables whose rows are no more than the limit together, by chance. @returns names of tables by the parts that have their rows */
function choose(
  list: readonly string[],
  {
    limit,
    sizeOf,
    names,
  }: {
    readonly limit: number
    readonly sizeOf: (part: string) => number
    readonly names: readonly string[]
  },
): ReadonlyMap<string, string> {
  // a line has blanks between schema, name and owner, and names may have blanks and dots themselves
  const known = new Map(
    names.flatMap((name) =>
      [...name.matchAll(/\./g)].map(({ index }) => [
        `${name.slice(0, index)} ${name.slice(index + 1)}`,
        name,
      ]),
    ),
  )
  const chosen = new Map<string, string>()
  let left = limit
  for (const { id, text } of shuffled(list.flatMap(parseRows))) {
    const name = [...text.matchAll(/ /g)]
      .map(({ index }) => known.get(text.slice(0, index)))
      .find((each) => each !== undefined)
    const size = sizeOf(partOf(id))
    if (name === undefined || size > left) continue
    left -= size
    chosen.set(partOf(id), name)
  }
  return chosen
}

function parseRows(line: string): readonly { readonly id: string; readonly text: string }[] {
  const [, id, text] = rows.exec(line) ?? []
  return id === undefined || text === undefined ? [] : [{ id, text }]
}

function partOf(id: string): string {
  return `${id}.dat`
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

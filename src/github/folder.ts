import { z } from 'zod'
import type { Repository } from './client.ts'
import { blobId, listFiles, readFile, type StoredFile } from './contents.ts'
import { query } from './graphql.ts'
import { foreseeable } from './once.ts'

interface FolderAsked {
  /** a branch */
  readonly ref: string
  /** from the root of the repository */
  readonly path: string
  /** how many folders are below each other in it, itself counted */
  readonly depth: number
}

interface Entry {
  readonly name: string
  readonly oid: string
  readonly object?: Found | null | undefined
}

interface Found {
  readonly text?: string | null | undefined
  readonly entries?: readonly Entry[] | null | undefined
}

const entry: z.ZodType<Entry> = z.lazy(() =>
  z.object({ name: z.string(), oid: z.string(), object: found.nullable().optional() }),
)
const found: z.ZodType<Found> = z.object({
  text: z.string().nullable().optional(),
  entries: z.array(entry).nullable().optional(),
})
const shape = z.object({ repository: z.object({ object: found.nullable() }) })

/** The text files of a folder and of those below it, by path, as they are in one commit; empty when there is no such folder. */
export const readFolder = foreseeable<FolderAsked, ReadonlyMap<string, StoredFile>>(
  ({ ref, path }) => `${ref}:${path}`,
  async (repository, asked) => {
    const seen = await readTogether(repository, asked).catch(() => undefined)
    return seen ?? readEach(repository, asked)
  },
)

/** By one query. @returns undefined when that did not have all of it */
async function readTogether(
  repository: Repository,
  { ref, path, depth }: FolderAsked,
): Promise<ReadonlyMap<string, StoredFile> | undefined> {
  let fields = '... on Blob { text }'
  for (let level = 0; level < depth; level += 1)
    fields = `... on Blob { text } ... on Tree { entries { name oid object { ${fields} } } }`
  const text = `query ReadFolder($owner: String!, $repo: String!, $expression: String!) { repository(owner: $owner, name: $repo) { object(expression: $expression) { ${fields} } } }`
  const answer = await query(repository, text, { expression: `${ref}:${path}` }, shape)
  if (answer === undefined) return undefined
  const files = new Map<string, StoredFile>()
  const isWhole = collect(answer.repository.object?.entries ?? [], path, files)
  // what git stores under that name is what was sent: not so where GitHub cut it off, or could not make a text of it
  return isWhole && [...files.values()].every(({ bytes, blob }) => blobId(bytes) === blob) ? files : undefined
}

function collect(entries: readonly Entry[], above: string, files: Map<string, StoredFile>): boolean {
  return entries.every(({ name, oid, object }) => {
    const path = `${above}/${name}`
    if (object?.entries) return collect(object.entries, path, files)
    if (typeof object?.text !== 'string') return false
    files.set(path, { text: object.text, bytes: Buffer.from(object.text), blob: oid })
    return true
  })
}

/** File by file, at the same time. */
async function readEach(
  repository: Repository,
  { ref, path }: FolderAsked,
): Promise<ReadonlyMap<string, StoredFile>> {
  const listed = (await listFiles(repository, { ref })) ?? []
  const wanted = listed.filter((each) => each.path.startsWith(`${path}/`))
  const files = await Promise.all(
    wanted.map(async (each) => [each.path, await readFile(repository, { path: each.path, ref })] as const),
  )
  return new Map(files.flatMap(([name, file]) => (file === undefined ? [] : [[name, file] as const])))
}

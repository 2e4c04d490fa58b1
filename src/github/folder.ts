import { z } from 'zod'
import type { Repository } from './client.ts'
import { blobId, listFiles, readFile, type StoredFile, toFile } from './contents.ts'
import { query } from './graphql.ts'
import { askedOnce, foreseeable, isObjectId } from './once.ts'

interface FolderAsked {
  /** a branch, or the full id of a commit */
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

/** The same by one query. @returns undefined when that did not have all of it */
export const readTogether = askedOnce<FolderAsked, ReadonlyMap<string, StoredFile> | undefined>(
  ({ ref, path, depth }) => (isObjectId(ref) ? `${ref}:${path}:${depth}` : undefined),
  askTogether,
)

async function askTogether(
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

/** Where one query is too much: the list of the files, a hundred of them in a query, and one by one what is left. */
async function readEach(
  repository: Repository,
  { ref, path }: FolderAsked,
): Promise<ReadonlyMap<string, StoredFile>> {
  const listed = (await listFiles(repository, { ref })) ?? []
  const wanted = listed.filter((each) => each.path.startsWith(`${path}/`))
  const batches = Array.from({ length: Math.ceil(wanted.length / blobsAtOnce) }, (_, n) =>
    wanted.slice(n * blobsAtOnce, (n + 1) * blobsAtOnce),
  )
  const texts = await Promise.all(
    batches.map((batch) =>
      readBlobs(
        repository,
        batch.map(({ blob }) => blob),
      ).catch(() => []),
    ),
  )
  const files = await Promise.all(
    wanted.map(async (each, n) => {
      const text = texts[Math.floor(n / blobsAtOnce)]?.[n % blobsAtOnce]
      const file = text === undefined ? undefined : toFile(Buffer.from(text))
      // not so where GitHub cut it off, or could not make a text of it
      return [
        each.path,
        file?.blob === each.blob ? file : await readFile(repository, { path: each.path, ref }),
      ] as const
    }),
  )
  return new Map(files.flatMap(([name, file]) => (file === undefined ? [] : [[name, file] as const])))
}

const blobsAtOnce = 100
const blobsShape = z.object({
  repository: z.record(z.string(), z.object({ text: z.string().nullable() }).nullable()),
})

async function readBlobs(
  repository: Repository,
  blobs: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const asked = blobs.map((oid, n) => `b${n}: object(oid: "${oid}") { ... on Blob { text } }`)
  const text = `query ReadBlobs($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { ${asked.join(' ')} } }`
  const answer = await query(repository, text, {}, blobsShape)
  return blobs.map((_, n) => answer?.repository[`b${n}`]?.text ?? undefined)
}

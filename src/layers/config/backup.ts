import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { InputError, message, setting } from '../../errors.ts'
import { codeOf, explainWrite } from '../../text/system-error.ts'
import { digestOf, type FileState } from './file.ts'

const fileSchema = z.object({
  path: z.string().min(1),
  /** absent when the file did not exist */
  content: z
    .object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.number().int(),
      mode: z.number().int(),
      uid: z.number().int(),
      gid: z.number().int(),
    })
    .optional(),
})

const manifestSchema = z.object({
  schema: z.literal(1),
  name: z.string(),
  /** emergency: what a restore replaced. It is never restored unless it is named */
  kind: z.enum(['snapshot', 'emergency']),
  environment: z.string(),
  at: z.iso.datetime(),
  by: z.string(),
  reason: z.string(),
  /** the commit that the job ran for */
  revision: z.string(),
  files: z.array(fileSchema),
})
export type Manifest = z.infer<typeof manifestSchema>

export interface BackupOptions extends Pick<Manifest, 'kind' | 'environment' | 'by' | 'reason' | 'revision'> {
  /** the folder that holds the backups */
  readonly storage: string
  /** by path; undefined for a file that does not exist */
  readonly files: ReadonlyMap<string, FileState | undefined>
  readonly now: Date
}

/**
 * Keeps the files as they are. What the newest backup of the kind holds already is not kept a second time.
 * @throws RefusedError when the folder cannot be written to
 */
export async function makeBackup(options: BackupOptions): Promise<Manifest> {
  const { storage, files, now, kind, environment } = options
  const listed = [...files].map(([path, state]) => ({
    path,
    ...(state !== undefined && { content: contentOf(state) }),
  }))
  const earlier = (await listBackups(storage)).manifests.filter(
    (each) => each.kind === kind && each.environment === environment,
  )
  const same = earlier.find(({ files: held }) => JSON.stringify(held) === JSON.stringify(listed))
  const { by, reason, revision } = options
  // each deployment has a backup of its own, so that it is known what was there before it
  const isNewest = same === earlier[0] && same?.revision === revision
  if (same !== undefined && (kind === 'emergency' || isNewest)) return same
  const at = now.toISOString()
  const digest = digestOf(Buffer.from(JSON.stringify([listed, at, kind]))).slice(0, 6)
  const name = `${at.replace(/[-:]|\.\d+/g, '')}-${kind}-${digest}`
  const manifest: Manifest = { schema: 1, name, kind, environment, at, by, reason, revision, files: listed }
  const folder = join(storage, name)
  const partial = join(storage, `.${name}.${randomUUID().slice(0, 8)}.partial`)
  try {
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial, { recursive: true, mode: 0o700 })
    for (const state of files.values())
      if (state !== undefined)
        await writeFile(join(partial, state.digest), state.bytes, { mode: 0o600, flush: true })
    const text = `${JSON.stringify(manifest, null, 2)}\n`
    await writeFile(join(partial, manifestName), text, { mode: 0o600, flush: true })
    await rename(partial, folder).catch((error: unknown) => {
      // the name holds a digest: another run keeps the same files at the same instant
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error
    })
    await rm(partial, { recursive: true, force: true })
    const handle = await open(storage, 'r')
    await handle.sync().finally(() => handle.close())
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw explainWrite(error, `the backup ${name} in ${storage}`)
  }
  return manifest
}

/** All backups, newest first, and the folders that hold none that can be read, with why. */
export async function listBackups(
  storage: string,
): Promise<{ readonly manifests: readonly Manifest[]; readonly unreadable: readonly string[] }> {
  const names = await readdir(storage).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    if (codeOf(error) === 'ENOTDIR')
      throw new InputError(
        message`${setting('config.storage')} is ${storage}, which is not a folder; write the folder of the backups`,
      )
    throw explainWrite(error, storage)
  })
  const manifests: Manifest[] = []
  const unreadable: string[] = []
  for (const name of names.filter((each) => !each.startsWith('.'))) {
    try {
      const text = await readFile(join(storage, name, manifestName), 'utf8')
      const manifest = manifestSchema.parse(JSON.parse(text))
      if (manifest.name !== name) throw new Error(`its manifest is that of ${manifest.name}`)
      manifests.push(manifest)
    } catch (error) {
      const [why] = (error instanceof z.ZodError ? 'its manifest is malformed' : String(error)).split('\n')
      unreadable.push(`${name}: ${why}`)
    }
  }
  return { manifests: manifests.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)), unreadable }
}

/**
 * The files of a backup.
 * @returns undefined for a file that did not exist then
 * @throws InputError when the backup is missing, or its bytes are not those that were kept
 */
export async function readBackup(
  storage: string,
  { name, files }: Manifest,
): Promise<ReadonlyMap<string, FileState | undefined>> {
  const states = files.map(async ({ path, content }) => {
    if (content === undefined) return [path, undefined] as const
    const bytes = await readFile(join(storage, name, content.sha256)).catch(() => undefined)
    if (bytes === undefined || digestOf(bytes) !== content.sha256)
      throw new InputError(
        message`${setting('config.target')} is the backup ${name}, whose copy of ${path} is ${bytes === undefined ? 'missing' : 'damaged'}; name another backup`,
      )
    const { sha256: digest, mode, uid, gid } = content
    return [path, { bytes, digest, mode, uid, gid }] as const
  })
  return new Map(await Promise.all(states))
}

const manifestName = 'manifest.json'

function contentOf({ bytes, digest, mode, uid, gid }: FileState) {
  return { sha256: digest, bytes: bytes.length, mode, uid, gid }
}

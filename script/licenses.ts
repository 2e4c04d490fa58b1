/** The licences of what others wrote in a bundle and its chunks: ncc lists those of the packages of one chunk alone. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'

interface Module {
  readonly name?: string | undefined
  readonly modules?: readonly Module[] | undefined
}

const moduleSchema: z.ZodType<Module> = z.object({
  name: z.string().optional(),
  modules: z.lazy(() => z.array(moduleSchema)).optional(),
})
const statsSchema = z.object({ modules: z.array(moduleSchema) })
const packageSchema = z.object({ name: z.string(), license: z.string().default('see below') })

/**
 * @param stats what `ncc --stats-out` wrote
 * @returns name, licence and text of each package, in the order of their names
 */
export function licencesOf(root: string, stats: string): string {
  const folders = new Set(
    modulesOf(statsSchema.parse(JSON.parse(stats)).modules).flatMap(({ name = '' }) => {
      const path = name.replace(/^.*!/, '')
      const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []
      return folder === undefined ? copiedFrom(root, path) : [join(root, folder)]
    }),
  )
  const texts = [...folders].flatMap((folder) => {
    const manifest = join(folder, 'package.json')
    if (!existsSync(manifest)) return []
    const { name, license } = packageSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')))
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
    const text = file === undefined ? '' : `${readFileSync(join(folder, file), 'utf8').trim()}\n`
    // git keeps lines without a carriage return: with one, a checkout would differ from what is built
    return [`${name}\n${license}\n${text.replaceAll('\r\n', '\n')}`]
  })
  return [...new Set(texts)].sort().join('\n')
}

/** A folder of the sources with a licence of its own holds copies of what others publish. */
function copiedFrom(root: string, path: string): readonly string[] {
  const folder = join(root, dirname(path).replace(/^(?:\.\/)?lib\//, 'src/'))
  return existsSync(join(folder, 'LICENSE')) && folder !== root ? [folder] : []
}

/** Modules that webpack has put together into one are listed inside it. */
function modulesOf(modules: readonly Module[]): readonly Module[] {
  return modules.flatMap((each) => [each, ...modulesOf(each.modules ?? [])])
}

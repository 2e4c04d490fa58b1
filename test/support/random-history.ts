import fc from 'fast-check'
import type { WorkRepository } from './work-repository.ts'

/** What one change of a generated history does. */
export const step = fc.record({
  file: fc.constantFrom('a', 'b', 'dir/c', 'ä b'),
  act: fc.constantFrom('line', 'line', 'line', 'delete', 'rename', 'exec', 'link'),
  at: fc.nat(7),
  text: fc.constantFrom('x', 'y', 'z'),
})

/** Does it in the work tree; the caller commits. */
export async function carryOut(
  repository: WorkRepository,
  { file, act, at, text }: { file: string; act: string; at: number; text: string },
) {
  const tracked = (await repository.git('ls-files', '-z')).split('\0')
  const isThere = tracked.includes(file)
  if (act === 'delete' && isThere) await repository.git('rm', '--quiet', '-f', '--', file)
  else if (act === 'rename' && isThere) await repository.git('mv', '-f', '--', file, `${file}-${text}`)
  else if (act === 'exec' && isThere)
    await repository.git('update-index', `--chmod=${at % 2 ? '+' : '-'}x`, '--', file).catch(() => '')
  else if (act === 'link') await repository.link(`link-${text}`, file)
  else {
    const before = isThere ? (await repository.read(file).catch(() => '')).split('\n').slice(0, 8) : []
    const content = Array.from({ length: 8 }, (_, index) => before[index] ?? `${file} ${index}`)
    content[at] = `${text}${at}`
    await repository.write(file, `${content.join('\n')}\n`)
  }
}

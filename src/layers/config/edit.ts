import { InputError, message, setting } from '../../errors.ts'
import { compareValues } from './compare.ts'
import { type Format, readDocument, textOf } from './document.ts'
import { spliceJson } from './edit-json.ts'
import { spliceEntries } from './edit-lines.ts'
import { spliceToml } from './edit-toml.ts'
import { spliceYaml } from './edit-yaml.ts'
import type { Splice } from './splice.ts'
import { findPath, formatPath, identityOf, type Path, type Value, valueAt } from './value.ts'

const splices: Readonly<Record<Format, Splice>> = {
  json: (texts) => spliceJson(texts, { comments: false }),
  jsonc: (texts) => spliceJson(texts, { comments: true }),
  yaml: spliceYaml,
  env: (texts) => spliceEntries(texts, 'env'),
  properties: (texts) => spliceEntries(texts, 'properties'),
  toml: spliceToml,
}

/**
 * Takes single keys of a file back to what they are in another version of it. Only the bytes of these keys change: what the
 * result says is compared with what it should say before it is used.
 * @param keys as `formatPath` writes them
 * @throws InputError for a key that neither version has, and for one that cannot be restored alone
 */
export function restoreKeys(
  {
    file,
    format,
    current,
    target,
  }: { readonly file: string; readonly format: Format; readonly current: Buffer; readonly target: Buffer },
  keys: readonly string[],
): Buffer {
  const good = readDocument(file, format, target)
  const mark = current.subarray(0, 3).equals(byteOrderMark) ? byteOrderMark : Buffer.alloc(0)
  let text = textOf(file, current)
  for (const key of keys) {
    const now = readDocument(file, format, Buffer.from(text))
    const path = findPath(now, key) ?? findPath(good, key)
    if (path === undefined || path.length === 0)
      throw new InputError(
        message`${setting('config.keys')} has "${key}", which ${file} has neither now nor in the target; write a key it has, such as api.baseUrl`,
      )
    if (isSame(valueAt(now, path), valueAt(good, path))) continue
    const next = splices[format]({ file, current: text, target: textOf(file, target), path })
    if (next === undefined || !saysOnly(readOrNothing(file, format, next), { now, good, path }))
      throw new InputError(
        message`${setting('config.keys')} has "${key}", which cannot be restored alone in ${file}; leave the input out to restore the whole file`,
      )
    text = next
  }
  return Buffer.concat([mark, Buffer.from(text)])
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * True when a document differs from what was there at one path only, and has the good value there. A mapping that was missing on the way
 * to it is there again, with nothing else in it.
 */
function saysOnly(
  result: Value | undefined,
  { now, good, path }: { readonly now: Value; readonly good: Value; readonly path: Path },
): boolean {
  if (result === undefined || !isSame(valueAt(result, path), valueAt(good, path))) return false
  const shown = formatPath(path)
  return compareValues(now, result).every((change) => {
    const at = formatPath(change.path)
    if (
      change.kind === 'added' &&
      shown.startsWith(`${at}.`) &&
      !hasOthers(change.after, path.slice(change.path.length))
    )
      return true
    return at === shown || at.startsWith(`${shown}.`) || at.startsWith(`${shown}[`)
  })
}

/** True when a value holds anything beside what is at a path. */
function hasOthers(value: Value, [step, ...rest]: Path): boolean {
  if (step === undefined) return false
  if (value.kind !== 'map' || value.entries.size !== 1) return true
  const [[key, only] = []] = value.entries
  return key !== step || only === undefined || hasOthers(only, rest)
}

function readOrNothing(file: string, format: Format, text: string): Value | undefined {
  try {
    return readDocument(file, format, Buffer.from(text))
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

function isSame(a: Value | undefined, b: Value | undefined): boolean {
  return a === undefined || b === undefined ? a === b : identityOf(a) === identityOf(b)
}

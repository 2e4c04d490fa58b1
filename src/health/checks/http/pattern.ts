import { Script } from 'node:vm'

/** A pattern that takes longer on an answer never ends on a longer one. */
const patternTimeoutMs = 500

/**
 * What a pattern finds in a body, with its groups; null where it finds nothing.
 * @returns undefined when it was given up: a pattern can take for ever, and the gate would hang with it
 */
export function findInBody(
  pattern: string,
  body: string,
): readonly (string | undefined)[] | null | undefined {
  try {
    const found: unknown = new Script('pattern.exec(body)').runInNewContext(
      { pattern: new RegExp(pattern, 'u'), body },
      { timeout: patternTimeoutMs },
    )
    if (!Array.isArray(found)) return null
    return found.map((each) => (each === undefined ? undefined : String(each)))
  } catch {
    return undefined
  }
}

import { closest, distance } from 'fastest-levenshtein'
import { maskText } from './secrets.ts'

/**
 * The known word that a misspelt one probably stands for (`max_latency`, `maxLatency` and `max-latancy` are all
 * `max-latency`), or undefined if none is near enough to be worth a guess.
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length > 60) return undefined
  const written = toKebabCase(word)
  const nearest = closest(written, known)
  const mistakes = distance(written, nearest)
  const near =
    mistakes <= Math.max(1, Math.floor(nearest.length / 3)) || lettersOf(written) === lettersOf(nearest)
  return near ? nearest : undefined
}

/** Equal for words that differ only in the order of their letters, as `evn` and `env`. */
function lettersOf(word: string): string {
  return [...word].sort().join('')
}

/** `; did you mean …?` where there is something to mean, else the whole list. */
export function suggestOrList(word: string, known: readonly string[]): string {
  const nearest = suggest(word, known)
  if (nearest !== undefined) return `did you mean \`${nearest}\`?`
  return listChoices(known)
}

/** What can be written, as the end of a sentence. */
export function listChoices(known: readonly string[]): string {
  const list = known.map((each) => `\`${each}\``).join(', ')
  return known.length === 1 ? `write ${list}` : `write one of ${list}`
}

/** A piece of the user's text in a message: on one line, not long, and without what looks like a secret. */
export function quote(text: string): string {
  const line = maskText(text.slice(0, 200)).replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return `\`${line.length > 50 ? `${line.slice(0, 50)}…` : line}\``
}

function toKebabCase(word: string): string {
  return word
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase()
}

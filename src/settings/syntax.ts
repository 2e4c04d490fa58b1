import type { ErrorCode } from 'yaml'

/** True for problems that leave the rest of the text readable, so that it can be checked in the same go. */
export function isIndependent(code: ErrorCode): boolean {
  return code === 'DUPLICATE_KEY' || code === 'TAG_RESOLVE_FAILED' || code === 'BAD_DIRECTIVE'
}

/**
 * What the YAML parser found, in our words: its own quote the text, which may hold a secret.
 * @param rest the text from the place of the problem on, to tell cases apart; never shown
 */
export function explainSyntax({ code, rest }: { readonly code: ErrorCode; readonly rest: string }): string {
  const special = specials.find((each) => each.code === code && each.starts.test(rest))
  return special?.message ?? messages[code] ?? fallback
}

const fallback = 'this is not YAML; check the indentation, quotes and brackets here and on the line above'

const nested = 'a second `: ` on one line; put the value in quotes, or the inner key on its own line'
const indented = 'the indentation does not fit the lines above; indent keys of one mapping alike, with spaces'

const specials: readonly { readonly code: ErrorCode; readonly starts: RegExp; readonly message: string }[] = [
  {
    code: 'BAD_SCALAR_START',
    starts: /^@/,
    message: "a text without quotes can't start with `@`; write it in quotes, and a login without the `@`",
  },
  {
    code: 'BAD_SCALAR_START',
    starts: /^%/,
    message: "a text without quotes can't start with `%`; write it in quotes",
  },
]

const messages: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (`*name`) takes no tag or anchor; remove it',
  BAD_ALIAS: 'this is not the name of an anchor or alias; put a text that starts with `*` or `&` in quotes',
  BAD_COLLECTION_TYPE: 'the tag does not fit the value; remove the tag',
  BAD_DIRECTIVE: 'this `%` directive is not understood; remove it, or put the text in quotes',
  BAD_DQ_ESCAPE: 'this `\\` escape is unknown in double quotes; write `\\\\`, or use single quotes',
  BAD_INDENT: indented,
  BAD_PROP_ORDER: 'a tag or anchor stands in the wrong place; put it right before the value',
  BAD_SCALAR_START: "a text without quotes can't start with this character; write it in quotes",
  BLOCK_AS_IMPLICIT_KEY: nested,
  BLOCK_IN_FLOW: "a list or mapping by indentation can't stand within brackets; write it with brackets, too",
  DUPLICATE_KEY: 'this key is there twice; remove one',
  KEY_OVER_1024_CHARS: 'this key is longer than 1024 characters; a quote or a `:` may be missing',
  MISSING_CHAR: 'a closing quote or bracket, a comma or a `:` is missing here; add it',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line, with `:` behind it; a quote or a `:` may be missing',
  MULTIPLE_ANCHORS: 'a value can have one anchor; remove the other',
  MULTIPLE_DOCS: 'a second document starts here; keep one, without `---` between',
  MULTIPLE_TAGS: 'a value can have one tag; remove the other',
  NON_STRING_KEY: 'a key must be a text; write it in quotes',
  RESOURCE_EXHAUSTION: 'this is nested too deeply to be read; write it flat',
  TAB_AS_INDENT: 'a tab in the indentation; YAML takes spaces only: replace it with two spaces',
  TAG_RESOLVE_FAILED: 'this tag (`!…`) is not understood; remove it, or put the text in quotes',
  UNEXPECTED_TOKEN: fallback,
}

/** Words that give away a credential wherever they stand in a name: `authorization`, `x-auth`, `PRIVATE_TOKEN`. */
const secretWord =
  'auth(?!or(?!iz|is))|token|passw|passphrase|pwd|secret|credential|cookie|session|signature|bearer|jwt'
/** `api-key`, `x-functions-key`, `apiKey`, but not `key` alone. */
export const secretName = new RegExp(
  String.raw`(?<![\w.-])(?:[\w.-]*(?:${secretWord})[\w.-]*|[\w.-]+key(?![.-]*\w))`,
  'gi',
)

/** True for a header, key or query parameter that usually holds a credential. In doubt, it does. */
export function looksLikeSecretName(name: string): boolean {
  return name.search(secretName) !== -1
}

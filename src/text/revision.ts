/** A revision as people read it; any other name of where a layer stands, as it is. */
export function shortRevision(name: string): string {
  return /^[0-9a-f]{40,64}$/.test(name) ? name.slice(0, 7) : name
}

/** A revision as people read it; any other name of where a layer stands, as it is: `2_amount`, `undo-of-4f0c2aa`. */
export function shortRevision(name: string): string {
  return name.replace(/^(undo-of-)?([0-9a-f]{7})[0-9a-f]{33,57}$/, '$1$2')
}

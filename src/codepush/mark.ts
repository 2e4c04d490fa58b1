/**
 * Marks in the descriptions of releases: which rollback took one back, or put one on top. A run that comes after a killed
 * one knows by them what is done, on servers that tell nothing else. Apps may show a description to their users, so a mark
 * holds no reason and no name.
 */
const pattern = /\s*\[(?:rolled back|rollback of \S+), incident ([^\]\s]*)\]/g
const taken = /\[rolled back, incident ([^\]\s]*)\]/

/** The description of a bad release, from the moment it is disabled. */
export function markTakenBack(description: string, incident: string): string {
  return `${withoutMarks(description)} [rolled back, incident ${incident}]`.trimStart()
}

/** The description of the release that was put on top. @param bad label of the one that was taken back */
export function markPutBack(description: string, bad: string, incident: string): string {
  return `${withoutMarks(description)} [rollback of ${bad}, incident ${incident}]`.trimStart()
}

/** The incident for which a release was taken back; undefined for one that was not. */
export function readTakenBack(description: string): string | undefined {
  return taken.exec(description)?.[1]
}

/** True when the release has been marked by any rollback. */
export function isMarked(description: string): boolean {
  return withoutMarks(description) !== description.trim()
}

function withoutMarks(description: string): string {
  return description.replace(pattern, '').trim()
}

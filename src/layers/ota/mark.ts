/**
 * Marks in the descriptions of releases: which rollback took one back, or put one on top. A run that comes after a killed
 * one knows by them what is done, on servers that tell nothing else. Apps may show a description to their users, so a mark
 * holds no reason and no name.
 */
const pattern =
  /\s*\[(rolled back|rollback of \S+|rollback undone)(?: at (\d+(?:\.\d+)?) %)?, incident ([^\]\s]*)\]/

/**
 * The description of a bad release, from the moment it is disabled. How far its rollout was is in it: the release that is
 * put on top of it ends that on one server, and whoever takes the rollback back has to know.
 */
export function markTakenBack(
  { description, rollout }: { readonly description: string; readonly rollout: number | undefined },
  incident: string,
): string {
  return add(description, `rolled back${formatRollout(rollout)}`, incident)
}

/** The description of the release that was put on top. @param bad label of the one that was taken back */
export function markPutBack(description: string, bad: string, incident: string): string {
  return add(description, `rollback of ${bad}`, incident)
}

/** The description of a release that had been taken back, and is offered again. */
export function markUndone(description: string, incident: string): string {
  return add(description, `rollback undone${formatRollout(readRollout(description))}`, incident)
}

/** The incident for which a release was taken back; undefined for one that was not. */
export function readTakenBack(description: string): string | undefined {
  const [, what, , incident] = pattern.exec(description) ?? []
  return what === 'rolled back' ? incident : undefined
}

/** The label of the release that this one was put on top of, to take it back; undefined for one that no run of ours put there. */
export function readRollbackOf(description: string): string | undefined {
  const [, what = ''] = pattern.exec(description) ?? []
  return /^rollback of (\S+)$/.exec(what)?.[1]
}

/** True for a release that had been taken back, and is offered again because somebody undid that. */
export function isUndone(description: string): boolean {
  return pattern.exec(description)?.[1] === 'rollback undone'
}

/** The incident of the mark, whatever it says. */
export function readIncident(description: string): string | undefined {
  return pattern.exec(description)?.[3]
}

/** Percent of the devices that a release had been offered to when it was taken back; undefined for all of them, or when the server did not tell. */
export function readRollout(description: string): number | undefined {
  const percent = pattern.exec(description)?.[2]
  return percent === undefined ? undefined : Number(percent)
}

/** True when the release has been marked by any rollback. */
export function isMarked(description: string): boolean {
  return pattern.test(description)
}

function add(description: string, mark: string, incident: string): string {
  return `${description.replace(new RegExp(pattern, 'g'), '').trim()} [${mark}, incident ${incident}]`.trimStart()
}

function formatRollout(percent: number | undefined): string {
  return percent === undefined || percent >= 100 ? '' : ` at ${percent} %`
}

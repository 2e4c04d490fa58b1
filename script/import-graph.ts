import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** One file's import of another, both as paths from the repository's root. */
export interface Import {
  readonly from: string
  readonly to: string
}

/** A rule of `.dependency-cruiser.js` that a file breaks. */
export interface Violation {
  readonly from: string
  readonly rule: string
}

/** What dependency-cruiser finds in some folders and what they import. @param root folder of the repository */
export function cruise(
  root: string,
  folders: readonly string[],
): { readonly imports: readonly Import[]; readonly violations: readonly Violation[] } {
  const printed = execFileSync(
    join(root, 'node_modules/.bin/depcruise'),
    ['--config', '.dependency-cruiser.js', '--output-type', 'json', ...folders],
    { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  )
  const { modules, summary } = JSON.parse(printed) as {
    readonly modules: readonly {
      readonly source: string
      readonly dependencies: readonly { readonly resolved: string }[]
    }[]
    readonly summary: {
      readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
    }
  }
  return {
    imports: modules.flatMap(({ source, dependencies }) =>
      dependencies
        .filter(({ resolved }) => resolved.startsWith('src/'))
        .map(({ resolved }) => ({ from: source, to: resolved })),
    ),
    violations: summary.violations.map(({ from, rule }) => ({ from, rule: rule.name })),
  }
}

/** All imports between files of `src`. @param root folder of the repository */
export function importsOf(root: string): readonly Import[] {
  return cruise(root, ['src']).imports
}

/**
 * The room that a file of `src` is in: its folder, and below `layers` and `views` that of the layer or view. The schema of a layer's own
 * section (`settings.ts`) is a part of the settings, which are put together from such schemas.
 */
export function roomOf(path: string): string {
  if (path.endsWith('/settings.ts')) return 'settings'
  const [, first = '', second = ''] = path.split('/')
  if (first.endsWith('.ts')) return 'base'
  if (first !== 'layers' && first !== 'views') return first
  return second.endsWith('.ts') ? first : `${first}/${second}`
}

/** Every file that is on a way of imports from one file to another. */
export function filesBetween(imports: readonly Import[], from: string, to: string): ReadonlySet<string> {
  const down = reachable(from, (file) => imports.filter((each) => each.from === file).map((each) => each.to))
  const up = reachable(to, (file) => imports.filter((each) => each.to === file).map((each) => each.from))
  return new Set([...down].filter((file) => up.has(file)))
}

/** How far down a plan is when it is in a room: it is asked for above, put together in the middle, and made below. */
const floors = [/^actions$/, /^rollback$/, /^layers(\/|$)/]

/** The imports of some files that lead up again: from a layer to what puts layers together, or from there to an action. */
export function climbs(imports: readonly Import[], files: ReadonlySet<string>): readonly Import[] {
  const floorOf = (file: string) => floors.findIndex((floor) => floor.test(roomOf(file)))
  return imports.filter(({ from, to }) => files.has(from) && files.has(to) && floorOf(from) > floorOf(to))
}

/** What everything stands on says nothing of the way through the house, and the drill ships in no action. */
const left: ReadonlySet<string> = new Set(['text', 'base', 'drill'])

/**
 * Which rooms each room uses. The settings use none: they are put together from the schemas that their owners export, and an arrow to an
 * owner would lead in a circle.
 */
export function usesOf(imports: readonly Import[]): ReadonlyMap<string, ReadonlySet<string>> {
  const uses = new Map<string, Set<string>>()
  for (const { from, to } of imports) {
    const [user, used] = [roomOf(from), roomOf(to)]
    if (user === used || user === 'settings' || left.has(user) || left.has(used)) continue
    uses.set(user, (uses.get(user) ?? new Set()).add(used))
  }
  return uses
}

/**
 * The rooms, and which of them uses which, as a Mermaid chart: the same imports, the same picture. An arrow that follows from others is left
 * out: who uses a room uses what that stands on.
 */
export function drawRooms(imports: readonly Import[]): string {
  const uses = usesOf(imports)
  const usedBy = (room: string) => [...(uses.get(room) ?? [])]
  const arrows = [...uses.keys()].flatMap((room) =>
    usedBy(room)
      .filter((used) => !usedBy(room).some((other) => other !== used && reachable(other, usedBy).has(used)))
      .map((used) => `  ${nodeOf(room)} --> ${nodeOf(used)}`),
  )
  return ['```mermaid', 'flowchart TD', ...arrows.sort(), '```', ''].join('\n')
}

function nodeOf(room: string): string {
  return `${room.replace('/', '-')}["${room}"]`
}

function reachable(start: string, next: (name: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set([start])
  for (const name of seen) for (const each of next(name)) seen.add(each)
  return seen
}

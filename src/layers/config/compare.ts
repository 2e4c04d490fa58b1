import { identityOf, type List, type Path, type Value } from './value.ts'

/** One difference between two documents. A whole item that was inserted or removed is one change. */
export type Change =
  | { readonly kind: 'added'; readonly path: Path; readonly after: Value }
  | { readonly kind: 'removed'; readonly path: Path; readonly before: Value }
  | { readonly kind: 'changed'; readonly path: Path; readonly before: Value; readonly after: Value }

/** Beyond so many pairs of items two lists are compared item by item: a table of them would not fit into memory. */
const mostPairs = 4_000_000

/**
 * What is different, in the order of the document. Indexes of list items are those of `after`, of removed ones those of
 * `before`.
 */
export function compareValues(before: Value, after: Value, path: Path = []): readonly Change[] {
  if (before.kind === 'map' && after.kind === 'map') {
    const keys = new Set([...before.entries.keys(), ...after.entries.keys()])
    return [...keys].flatMap((key) =>
      compareOptional(before.entries.get(key), after.entries.get(key), [...path, key]),
    )
  }
  if (before.kind === 'list' && after.kind === 'list') return compareLists(before, after, path)
  if (identityOf(before) === identityOf(after)) return []
  return [{ kind: 'changed', path, before, after }]
}

function compareOptional(before: Value | undefined, after: Value | undefined, path: Path): readonly Change[] {
  if (before !== undefined && after !== undefined) return compareValues(before, after, path)
  if (after !== undefined) return [{ kind: 'added', path, after }]
  return before === undefined ? [] : [{ kind: 'removed', path, before }]
}

/** By the longest common subsequence, so that an item inserted at the front is one addition and not n changes. */
function compareLists(before: List, after: List, path: Path): readonly Change[] {
  const old = before.items.map(identityOf)
  const now = after.items.map(identityOf)
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start++
  let [oldEnd, nowEnd] = [old.length, now.length]
  while (oldEnd > start && nowEnd > start && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd--
    nowEnd--
  }
  const kept = commonOf(old.slice(start, oldEnd), now.slice(start, nowEnd))
  const changes: Change[] = []
  let [i, j] = [start, start]
  for (const [oldAt, nowAt] of [...kept, [oldEnd - start, nowEnd - start] as const]) {
    changes.push(...compareRun({ before, after, path }, [i, start + oldAt], [j, start + nowAt]))
    i = start + oldAt + 1
    j = start + nowAt + 1
  }
  return changes
}

/** Items between two that are kept: those of the same name, id or key are one item that was changed, then those of the same place. */
function compareRun(
  { before, after, path }: { readonly before: List; readonly after: List; readonly path: Path },
  [i, oldEnd]: readonly [number, number],
  [j, nowEnd]: readonly [number, number],
): readonly Change[] {
  const removed = new Map(before.items.slice(i, oldEnd).map((item, index) => [i + index, item]))
  const partners = new Map<number, Value>()
  const added = after.items.slice(j, nowEnd).map((item, index) => [j + index, item] as const)
  for (const [at, item] of added) {
    const name = nameOf(item)
    if (name === undefined) continue
    const found = [...removed].find(([, each]) => nameOf(each) === name)
    if (found === undefined) continue
    partners.set(at, found[1])
    removed.delete(found[0])
  }
  for (const [at, item] of added) {
    const first = [...removed].find(([, each]) => nameOf(item) === undefined && nameOf(each) === undefined)
    if (partners.has(at) || first === undefined) continue
    partners.set(at, first[1])
    removed.delete(first[0])
  }
  return [
    ...[...removed].map(([at, item]): Change => ({ kind: 'removed', path: [...path, at], before: item })),
    ...added.flatMap(([at, item]) => compareOptional(partners.get(at), item, [...path, at])),
  ]
}

/** What people tell the items of a list apart by. */
function nameOf(item: Value): string | undefined {
  if (item.kind !== 'map') return undefined
  for (const key of ['name', 'id', 'key']) {
    const value = item.entries.get(key)
    if (value?.kind === 'scalar') return `${key} ${value.text}`
  }
  return undefined
}

/** Pairs of indexes of the longest common subsequence. */
function commonOf(old: readonly string[], now: readonly string[]): readonly (readonly [number, number])[] {
  if (old.length * now.length > mostPairs)
    return old.flatMap((each, index) => (each === now[index] ? [[index, index] as const] : []))
  const width = now.length + 1
  const lengths = new Uint32Array((old.length + 1) * width)
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--)
      lengths[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const pairs: (readonly [number, number])[] = []
  let [i, j] = [0, 0]
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) pairs.push([i++, j++])
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  return pairs
}

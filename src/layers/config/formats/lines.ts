import type { Value } from '../value.ts'
import { duplicate, malformed } from './problem.ts'

/** One setting of a file that has one a line: its key, its value as it is written, and the offsets of what it takes up. */
export interface Entry {
  readonly key: string
  readonly value: string
  /** of the whole entry, its line break included */
  readonly start: number
  readonly end: number
}

/**
 * Reads a `.env` file. There is no one format of it: a value is what stands behind the `=`, as it is written, with the
 * lines that a quote which is not closed goes on over.
 * @throws InputError that names the line of what is no `NAME=value`
 */
export function readEnvEntries(file: string, text: string): readonly Entry[] {
  const entries: Entry[] = []
  const lines = linesOf(text)
  for (let index = 0; index < lines.length; index++) {
    const first = lines[index]
    if (first === undefined || /^\s*(#|$)/.test(first.text)) continue
    const found = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/s.exec(first.text)
    if (found === null)
      throw malformed(
        file,
        { line: index + 1, column: 1 },
        'is not NAME=value; comment it out with #, or correct it',
      )
    const [, key = '', begun = ''] = found
    const quote = /^(["'`])/.exec(begun)?.[1]
    let value = begun
    let last = first
    while (quote !== undefined && !isClosed(value, quote)) {
      const next = lines[++index]
      if (next === undefined)
        throw malformed(
          file,
          { line: lines.indexOf(first) + 1, column: 1 },
          `opens a ${quote} that is never closed`,
        )
      value += `\n${next.text}`
      last = next
    }
    entries.push({ key, value: value.trimEnd(), start: first.start, end: last.end })
  }
  return entries
}

function isClosed(value: string, quote: string): boolean {
  return new RegExp(`^${quote}(?:[^\\\\]|\\\\.)*?${quote}`, 's').test(value)
}

/** Reads a Java `.properties` file, as `java.util.Properties.load` describes it; a value is kept as it is written. */
export function readPropertyEntries(_file: string, text: string): readonly Entry[] {
  const entries: Entry[] = []
  const lines = linesOf(text)
  for (let index = 0; index < lines.length; index++) {
    const first = lines[index]
    if (first === undefined || /^\s*([#!]|$)/.test(first.text)) continue
    let logical = first.text.trimStart()
    let last = first
    // an odd number of backslashes at the end continues the line
    while (/(?<!\\)(?:\\\\)*\\$/.test(logical) && lines[index + 1] !== undefined) {
      last = lines[++index] ?? last
      logical = `${logical.slice(0, -1)}${last.text.trimStart()}`
    }
    const [, key = '', value = ''] = /^((?:\\.|[^\\\s=:])*)\s*[=:]?\s*(.*)$/s.exec(logical) ?? []
    entries.push({ key: key.replace(/\\(.)/g, '$1'), value, start: first.start, end: last.end })
  }
  return entries
}

/** A mapping of texts. @throws InputError when a key stands twice */
export function valueOfEntries(file: string, text: string, entries: readonly Entry[]): Value {
  const seen = new Map<string, Entry>()
  for (const entry of entries) {
    const first = seen.get(entry.key)
    if (first !== undefined)
      throw duplicate(
        file,
        entry.key,
        { line: lineOf(text, first), column: 1 },
        { line: lineOf(text, entry), column: 1 },
      )
    seen.set(entry.key, entry)
  }
  const values = [...seen].map(
    ([key, { value }]) => [key, { kind: 'scalar', type: 'string', text: value }] as const,
  )
  return { kind: 'map', entries: new Map(values) }
}

function lineOf(text: string, { start }: Entry): number {
  return text.slice(0, start).split('\n').length
}

interface Line {
  /** without its line break */
  readonly text: string
  readonly start: number
  /** behind its line break */
  readonly end: number
}

function linesOf(text: string): readonly Line[] {
  return [...text.matchAll(/[^\n]*\n|[^\n]+$/g)].map(({ 0: whole, index }) => ({
    text: whole.replace(/\r?\n$/, ''),
    start: index,
    end: index + whole.length,
  }))
}

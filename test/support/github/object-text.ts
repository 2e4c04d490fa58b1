import type { StoredObject } from './object-reader.ts'

export interface Person {
  readonly name: string
  readonly email: string
  readonly date: Date
}

export interface StoredCommit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Person
  readonly committer: Person
  readonly message: string
}

export interface StoredTag {
  readonly sha: string
  readonly object: { readonly sha: string; readonly type: string }
  readonly tag: string
  readonly tagger: Person
  readonly message: string
}

/** What a commit consists of: headers, an empty line, the message. */
export function formatCommit({
  tree,
  parents,
  author,
  committer,
  message,
}: Omit<StoredCommit, 'sha'>): string {
  const people = `author ${identity(author)}\ncommitter ${identity(committer)}\n`
  return `tree ${tree}\n${parents.map((parent) => `parent ${parent}\n`).join('')}${people}\n${message}`
}

export function parseCommit({ sha, content }: StoredObject): StoredCommit {
  const text = content.toString('utf8')
  const end = text.indexOf('\n\n')
  // a signature's lines are indented, so they are not taken for headers
  const headers = text.slice(0, end).split('\n')
  const valuesOf = (key: string) =>
    headers.flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []))
  return {
    sha,
    tree: valuesOf('tree')[0] ?? '',
    parents: valuesOf('parent'),
    author: parsePerson(valuesOf('author')[0] ?? ''),
    committer: parsePerson(valuesOf('committer')[0] ?? ''),
    message: text.slice(end + 2).trimEnd(),
  }
}

export function formatTag({ object, tag, tagger, message }: Omit<StoredTag, 'sha'>): string {
  return `object ${object.sha}\ntype ${object.type}\ntag ${tag}\ntagger ${identity(tagger)}\n\n${message}`
}

export function parseTag({ sha, content }: StoredObject): StoredTag {
  const match =
    /^object (?<object>\w+)\ntype (?<type>\w+)\ntag (?<tag>.+)\ntagger (?<tagger>.+)\n\n?(?<message>[\s\S]*)$/.exec(
      content.toString('utf8').trimEnd(),
    )?.groups
  const { object = '', type = '', tag = '', tagger = '', message = '' } = match ?? {}
  return { sha, object: { sha: object, type }, tag, tagger: parsePerson(tagger), message }
}

function parsePerson(line: string): Person {
  const [, name = '', email = '', at = '0'] = /^(.*?) ?<(.*)> (\d+) [+-]\d+$/.exec(line) ?? []
  return { name, email, date: new Date(Number(at) * 1000) }
}

function identity({ name, email, date }: Person): string {
  const clean = (value: string) => value.replace(/[<>\n]/g, '')
  return `${clean(name)} <${clean(email)}> ${Math.floor(date.getTime() / 1000)} +0000`
}

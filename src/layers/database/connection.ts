import { fileURLToPath } from 'node:url'
import { InputError } from '../../errors.ts'

export type Connection = FileConnection | ServerConnection

export interface FileConnection {
  readonly engine: 'sqlite'
  readonly path: string
}

export interface ServerConnection {
  readonly engine: 'postgres' | 'mysql'
  /** a name or address, or the path of a socket (a folder for PostgreSQL) */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** `encrypt` takes any certificate, `verify` one that is right for the host */
  readonly tls: 'off' | 'encrypt' | 'verify'
  /** path of the certificates to trust; undefined for those of the system */
  readonly ca: string | undefined
}

const tlsModes: Readonly<Record<string, ServerConnection['tls']>> = {
  disable: 'off',
  require: 'encrypt',
  'verify-ca': 'verify',
  'verify-full': 'verify',
}

const examples = 'sqlite:data/app.db, postgres://user:password@host/app or mysql://user:password@host/app'

/** What of a connection is secret, to keep it out of every text. */
export function secretsOf(connection: Connection): readonly string[] {
  return connection.engine === 'sqlite' ? [] : [connection.password]
}

/**
 * Reads the address of a database. No message repeats it, as it holds the password.
 * @throws InputError that says what is wrong and what to write instead, without naming the input
 */
export function parseConnection(url: string): Connection {
  if (/^(?:sqlite3?|file):/i.test(url)) return { engine: 'sqlite', path: pathOf(url) }
  refuseOtherKinds(url)
  refuseRawCharacters(url)
  if (!/^[a-z0-9+.-]+:\/\//i.test(url) || !URL.canParse(url))
    throw new InputError(`is not an address of a database; write one such as ${examples}`)
  const parsed = new URL(url)
  const engine = engineOf(parsed.protocol)
  const database = decodeURIComponent(parsed.pathname.replace(/^\//, ''))
  if (database === '' || database.includes('\0'))
    throw new InputError('names no database; write its name at the end, such as postgres://user@host/app')
  const socket = parsed.searchParams.get('socket') ?? parsed.searchParams.get('host')
  const host = socket ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === '') throw new InputError(`names no host; write an address such as ${examples}`)
  return {
    engine,
    host,
    port: Number(parsed.port || (engine === 'postgres' ? 5432 : 3306)),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    tls: tlsOf(parsed, host),
    ca: parsed.searchParams.get('sslrootcert') ?? parsed.searchParams.get('ssl-ca') ?? undefined,
  }
}

function pathOf(url: string): string {
  if (/[?#]/.test(url))
    throw new InputError(
      'has a "?" or "#" after the path of a SQLite file, and options such as ?mode=ro are not supported; write the path alone, with %3F and %23 for these characters in a name',
    )
  let path: string
  try {
    path = /^file:\/\//i.test(url)
      ? fileURLToPath(url)
      : decodeURIComponent(url.replace(/^[a-z0-9]+:(?:\/\/(?=\/))?/i, ''))
  } catch {
    throw new InputError(
      'is not the path of a file: write a percent sign in a name as %25, and a path without a host, such as sqlite:/srv/app.db',
    )
  }
  if (path === '' || path === ':memory:' || path.includes('\0'))
    throw new InputError('names no file; write one such as sqlite:data/app.db')
  return path
}

/** Kinds of address that other programs take for the same databases, and how they begin here. */
const otherKinds: readonly (readonly [RegExp, string])[] = [
  [/^jdbc:(postgresql):/i, 'postgres://user:password@host/app'],
  [/^jdbc:(mysql|mariadb):/i, 'mysql://user:password@host/app'],
  [/^(?:jdbc:)?(sqlite)(?:\+\w+)?:\/\/\//i, 'sqlite:data/app.db'],
  [/^(postgres(?:ql)?\+\w+|pgsql|pg|postgis):/i, 'postgres://user:password@host/app'],
  [/^((?:mysql|mariadb)\+\w+|mysql2|mysqli|trilogy):/i, 'mysql://user:password@host/app'],
]

function refuseOtherKinds(url: string): void {
  for (const [begins, instead] of otherKinds)
    if (begins.test(url))
      throw new InputError(
        `begins with "${/^(?:jdbc:)?[^:]*:/i.exec(url)?.[0]}", which is for a driver of another language; write ${instead}`,
      )
}

/** Characters that end a part of an address, and have to be encoded in a name or a password. */
const encoded: Readonly<Record<string, string>> = {
  '@': '%40',
  '#': '%23',
  '/': '%2F',
  '?': '%3F',
  '%': '%25',
}

/** A raw `#`, `/`, `?` or `%` in a password makes the rest of the address something else. */
function refuseRawCharacters(url: string): void {
  const [, authority = '', rest = ''] = /^[a-z0-9+.-]+:\/\/([^/?#]*)(.*)$/is.exec(url) ?? []
  const [, first = ''] = /^([/?#])/.exec(rest) ?? []
  const [path = ''] = rest.split('?')
  // what follows the host has no @ unless the password had what ends it
  const isCut = !authority.includes('@') ? /@/.test(first === '?' ? rest : path) : /@/.test(path)
  const raw = isCut ? first : rest.includes('#') ? '#' : !isDecodable(authority + path) ? '%' : undefined
  if (raw !== undefined)
    throw new InputError(
      `has a "${raw}" that is not percent-encoded, such as in the password; write ${encoded[raw]} for it (@ is %40, # is %23, / is %2F, ? is %3F, % is %25)`,
    )
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined
  } catch {
    return false
  }
}

function engineOf(protocol: string): ServerConnection['engine'] {
  if (protocol === 'postgres:' || protocol === 'postgresql:') return 'postgres'
  if (protocol === 'mysql:' || protocol === 'mariadb:') return 'mysql'
  throw new InputError(`is of a kind of database that is not known; write one such as ${examples}`)
}

/** On this machine nothing is encrypted unless asked for; over a network everything is, unless told otherwise. */
function tlsOf({ searchParams }: URL, host: string): ServerConnection['tls'] {
  const asked = searchParams.get('sslmode') ?? searchParams.get('ssl-mode')
  if (asked === null) return isLocal(host) ? 'off' : 'encrypt'
  const mode = tlsModes[asked.toLowerCase()]
  if (mode === undefined)
    throw new InputError(`has an unknown sslmode; write one of ${Object.keys(tlsModes).join(', ')}`)
  return mode
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host)
}

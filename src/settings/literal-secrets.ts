import { type Document, isMap, isScalar, isSeq, type Pair } from 'yaml'
import { redact } from '../text/redact.ts'
import { looksLikeSecretName } from '../text/secret-name.ts'
import type { Finding } from './explain.ts'
import { follow, isMergeKey, type Path, sourcesOf } from './source.ts'
import { quote } from './suggest.ts'

/** Credentials that stand in the text itself: what to say of them, and what must not be shown anywhere. */
export interface LiteralSecrets {
  readonly findings: readonly Finding[]
  readonly values: readonly string[]
}

/**
 * Looks for credentials written into the text: below keys that look like a secret's (`{ env: NAME }` is what should
 * be there), in addresses, and in headers that look harmless.
 */
export function findLiteralSecrets(document: Document): LiteralSecrets {
  const findings: Finding[] = []
  const values: string[] = []
  const tell = (path: Path, message: string) => findings.push({ path, at: 'value', message })

  const walk = (node: unknown, path: Path): void => {
    if (isMap(node)) {
      values.push(...listedValues(node.items))
      for (const pair of node.items) walkPair(pair, path)
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) walk(item, [...path, index])
    } else if (isScalar(node) && typeof node.value === 'string') {
      walkText(node.value, path)
    }
  }

  const walkPair = ({ key, value }: Pair, parent: Path): void => {
    // what is merged is judged by where it ends up, such as below `headers`
    if (isMergeKey(key)) {
      for (const source of sourcesOf(document, value) ?? []) if (!open.has(source)) walkMerged(source, parent)
      return
    }
    const name = isScalar(key) ? String(key.value) : ''
    const path = [...parent, name]
    if (!looksLikeSecretName(name)) {
      walk(value, path)
      return
    }
    const held = literalsOf(document, value)
    values.push(...held.texts)
    if (held.texts.length === 0 || held.named) return
    // in a broken file, a part of the secret may have become a part of the key
    const shown = /^[A-Za-z][\w-]*$/.test(name) ? quote(name) : 'this value'
    tell(path, `${shown} must not be written here; put it in a secret and write \`{ env: NAME }\``)
  }

  const walkText = (text: string, path: Path): void => {
    const user = /:\/\/([^\s/?#]*)@/.exec(text)?.[1]
    if (user !== undefined) {
      values.push(user, ...user.split(':'))
      tell(path, `an address must not hold credentials; ${hasHeaders(path) ? inHeaders : inVariable}`)
    }
    const inQuery = secretsInQuery(text)
    if (inQuery.length > 0) {
      values.push(...inQuery)
      tell(
        path,
        `an address must not hold a secret; ${hasHeaders(path) ? 'send it as `headers: { authorization: { env: NAME } }`' : inVariable}`,
      )
    }
    if (path.at(-2) === 'headers' && redact(text) !== text) {
      values.push(text)
      tell(path, 'this looks like a secret; put it in one and write `{ env: NAME }`')
    }
  }

  const open = new Set<unknown>()
  const walkMerged = (source: unknown, parent: Path): void => {
    open.add(source)
    walk(source, parent)
    open.delete(source)
  }

  walk(document.contents, [])
  return { findings, values }
}

const inHeaders = 'send them as `headers: { authorization: { env: NAME } }`'
const inVariable = 'put what is secret in a variable, in the key of the section that takes `{ env: NAME }`'

/** False in the sections whose requests have no headers to set. */
function hasHeaders(path: Path): boolean {
  return !path.some(
    (part) => part === 'database' || part === 'ota' || part === 'notify' || part === 'incident',
  )
}

interface Literals {
  readonly texts: readonly string[]
  /** it has the form of a reference, so that the schema says what is wrong with the name in it */
  readonly named: boolean
}

/** Every text below a key that should hold none, keys included; nothing for a good `{ env: NAME }`. */
function literalsOf(document: Document, value: unknown): Literals {
  const texts: string[] = []
  const seen = new Set<unknown>()
  const collect = (node: unknown): void => {
    const here = follow(document, node)
    if (seen.has(here)) return
    seen.add(here)
    if (isMap(here)) {
      for (const pair of here.items) {
        if (!isScalar(pair.key) || pair.key.value !== 'env') collect(pair.key)
        collect(pair.value)
      }
    } else if (isSeq(here)) {
      for (const item of here.items) collect(item)
    } else if (isScalar(here) && here.value !== null && here.value !== '') {
      texts.push(String(here.value), here.source ?? '')
    }
  }
  const target = follow(document, value)
  if (isMap(target) && target.items.length === 1) {
    const [pair] = target.items
    const name = pair === undefined ? undefined : follow(document, pair.value)
    if (pair !== undefined && isScalar(pair.key) && pair.key.value === 'env' && isScalar(name)) {
      const text = String(name.value)
      const good = /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && redact(text) === text
      return { texts: good ? [] : [text], named: true }
    }
  }
  collect(value)
  return { texts, named: false }
}

/** Headers written as `- name: authorization` with `value: …` are no mapping of ours, but secrets all the same. */
function listedValues(pairs: readonly Pair[]): readonly string[] {
  const namesSecret = pairs.some(({ value }) => {
    return (
      isScalar(value) &&
      typeof value.value === 'string' &&
      /^[\w.-]+$/.test(value.value) &&
      looksLikeSecretName(value.value)
    )
  })
  if (!namesSecret) return []
  return pairs.flatMap(({ key, value }) => {
    return isScalar(key) && key.value === 'value' && isScalar(value) ? [String(value.value)] : []
  })
}

function secretsInQuery(text: string): readonly string[] {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return []
  return [...new URL(text).searchParams].flatMap(([name, value]) => {
    return value !== '' && (looksLikeSecretName(name) || /^(?:key|sig)$/i.test(name)) ? [value] : []
  })
}

import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair, visit } from 'yaml'
import { InputError } from '../../errors.ts'
import { parseYaml } from '../config/formats/yaml.ts'
import { type FlagdFile, type FlagText, withoutFlags } from './flagd-definitions.ts'

/** @throws InputError */
export function readFlagdYaml(file: string, text: string): FlagdFile {
  const [document, ...more] = parseYaml(file, text, { merge: true })
  if (document === undefined || more.length > 0)
    throw new InputError(`${file} has ${more.length + 1} documents; write one, which has "flags"`)
  const contents = document.contents
  const flags = isMap(contents) ? contents.get('flags', true) : undefined
  if (!isMap(flags)) throw withoutFlags(file, isSeq(flags))
  const value = resolve(file, document, document.contents)
  const found = flags.items.map((pair: Pair): FlagText => {
    const name = nameOf(pair)
    const node = pair.value
    if (!isNode(node) || !node.range)
      throw new InputError(`${file}: the flag ${JSON.stringify(name)} is empty; write its definition`)
    const state = isMap(node) ? node.items.find((each) => nameOf(each) === 'state')?.value : undefined
    const range = [node.range[0], node.range[1]] as const
    const own = resolve(file, document, node)
    return {
      ...{ name, range, value: own },
      stateRange: isNode(state) && state.range ? [state.range[0], state.range[1]] : undefined,
      enabled: Object(own).state === 'ENABLED',
      // an alias is only as good as what it stands for, which is elsewhere; JSON is YAML, too
      definition: hasAlias(node) ? JSON.stringify(own) : text.slice(...range),
    }
  })
  return { flags: found, value, disabled: 'DISABLED' }
}

function nameOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : String(key)
}

function hasAlias(node: Node): boolean {
  if (isAlias(node)) return true
  let found = false
  visit(node, {
    Alias: () => {
      found = true
      return visit.BREAK
    },
  })
  return found
}

/** As JSON has it. @throws InputError when aliases make a small file huge */
function resolve(file: string, document: Document, node: unknown): unknown {
  try {
    return isNode(node) ? node.toJS(document, { maxAliasCount: 100 }) : undefined
  } catch (error) {
    throw new InputError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

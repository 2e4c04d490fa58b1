import { findNodeAtLocation } from 'jsonc-parser'
import { readJson, readJsonTree } from '../config/formats/json.ts'
import { type FlagdFile, type FlagText, withoutFlags } from './flagd-definitions.ts'

/** @throws InputError */
export function readFlagdJson(file: string, text: string): FlagdFile {
  const json = text.replace(/^\ufeff/, ' ')
  // refuses what is set twice
  readJson(file, json, { comments: false })
  const flags = findNodeAtLocation(readJsonTree(file, json, { comments: false }), ['flags'])
  if (flags?.type !== 'object') throw withoutFlags(file, flags?.type === 'array')
  const found = (flags.children ?? []).flatMap(({ children: [key, node] = [] }): readonly FlagText[] => {
    if (key === undefined || node === undefined) return []
    const state = findNodeAtLocation(node, ['state'])
    const range = [node.offset, node.offset + node.length] as const
    const definition = json.slice(...range)
    return [
      {
        ...{ name: String(key.value), range, definition },
        stateRange: state && [state.offset, state.offset + state.length],
        enabled: state?.value === 'ENABLED',
        value: JSON.parse(definition) as unknown,
      },
    ]
  })
  return { flags: found, value: JSON.parse(json), disabled: '"DISABLED"' }
}

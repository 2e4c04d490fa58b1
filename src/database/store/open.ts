import { InputError } from '../../errors.ts'
import { openFolderStore } from './folder.ts'
import type { Store } from './store.ts'

/** Opens where backups are kept. @throws InputError that says what is wrong, without naming the input */
export function openStore(storage: string): Store {
  if (/^[a-z0-9]{2,}:/i.test(storage)) throw new InputError(`is "${storage}"; write the path of a folder`)
  return openFolderStore(storage)
}

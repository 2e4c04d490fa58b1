import { InputError, message, setting } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import { readFile } from '../github/contents.ts'

/** The text of a file on a branch that a setting names. @throws InputError if it does not exist */
export async function readRequiredFile(
  repository: Repository,
  { setting: name, path, ref }: { readonly setting: string; readonly path: string; readonly ref: string },
): Promise<string> {
  const file = await readFile(repository, { path, ref })
  if (file === undefined)
    throw new InputError(
      message`${setting(name)} is "${path}", and there is no such file on ${ref}; name an existing file, or leave the setting out`,
    )
  return file.text
}

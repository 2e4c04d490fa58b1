import { ConflictError, message, RefusedError } from '../../../errors.ts'
import {
  listVariables,
  nameOfScope,
  type Variable,
  type VariableChange,
  type VariableScope,
} from '../../../github/variables.ts'
import { count } from '../../../text/count.ts'
import { keptText, type UndoableRollback } from '../../layer.ts'
import { listBackups, readBackup } from '../backup.ts'
import type { FileState } from '../file.ts'
import { writeChanges } from './apply.ts'
import { namesOf, narrow, type Places, scopeOf } from './places.ts'
import { decodeSnapshot, pathOf } from './snapshot.ts'

/** Puts the values from before the rollback back, unless somebody has changed one since. */
export async function undoVariables(
  options: Places & { readonly storage: string },
  done: UndoableRollback,
): Promise<string> {
  const { storage, repository, scopes } = options
  const { to } = done
  const name = keptText(done, 'backup')
  if (name === undefined)
    throw new RefusedError('this rollback changed no variable, so there is nothing to undo')
  const { manifests } = await listBackups(storage)
  const [copy, restored] = [name, to].map((each) => manifests.find((manifest) => manifest.name === each))
  if (copy === undefined || restored === undefined)
    throw new RefusedError(
      message`the backup ${copy === undefined ? name : to} is not in ${storage}: nothing was changed`,
    )
  const [before, after] = await Promise.all([readBackup(storage, copy), readBackup(storage, restored)])
  const open = await Promise.all(
    scopes.map(async (kind) => {
      const read = (files: ReadonlyMap<string, FileState | undefined>) =>
        decodeSnapshot(name, files.get(pathOf(kind))?.bytes ?? Buffer.alloc(0))
      // the emergency copy has just the names that the rollback was about, whatever the settings name since
      const copied = read(before)
      const organizationVariables = [...copied.variables.keys()]
      const [scope, { variables: is }] = narrow(
        scopeOf(kind, { ...options, organizationVariables }),
        read(after),
      )
      const was = kind === 'organization' ? narrow(scope, copied)[1].variables : copied.variables
      const now = await listVariables(repository, scope)
      return { scope, changes: changesBack({ scope, backup: name }, { was, is, now }) }
    }),
  )
  const undone = open.reduce((sum, { changes }) => sum + changes.length, 0)
  await writeChanges(repository, open)
  return undone === 0
    ? 'the variables are as before the rollback already'
    : `${count(undone, 'variable')} restored from ${name}, as before the rollback`
}

/**
 * What takes a rollback back. A variable that it did not touch is none of its business, whoever has changed it since.
 * @throws ConflictError when somebody has changed one that it did touch
 */
function changesBack(
  { scope, backup }: { readonly scope: VariableScope; readonly backup: string },
  {
    was = new Map(),
    is = new Map(),
    now,
  }: {
    readonly was: ReadonlyMap<string, string> | undefined
    readonly is: ReadonlyMap<string, string> | undefined
    readonly now: ReadonlyMap<string, Variable>
  },
): readonly VariableChange[] {
  const touched = namesOf(was, is).filter((name) => was.get(name) !== is.get(name))
  return touched.flatMap((name) => {
    const [before, after] = [now.get(name)?.value, was.get(name)]
    if (before === after) return []
    if (before !== is.get(name) || (scope.kind === 'organization' && before === undefined))
      throw new ConflictError(
        `the variable ${name} of ${nameOfScope(scope)} was changed after the rollback: nothing was changed; its earlier value is in the backup ${backup}`,
      )
    return [{ name, before, after }]
  })
}

import { readFileSync } from 'node:fs'

/** A workflow that a document tells people to paste, word for word. @param name the workflow's own name */
export function documentedWorkflow(document: string, name: string): string {
  const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8')
  const found = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].find(([, block]) =>
    block?.startsWith(`name: ${name}\n`),
  )
  if (found?.[1] === undefined) throw new Error(`${document} has no workflow with the name ${name}`)
  return found[1]
}

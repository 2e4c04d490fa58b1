/** `npm run bench -- NAME`: runs one benchmark, ours and the alternative in one go, and ends with one line of JSON. */
import { readdirSync } from 'node:fs'

/** What a benchmark found. Each goal bounds the figure of its name. */
export interface Findings {
  readonly figures: Readonly<Record<string, number>>
  readonly goals: Readonly<Record<string, { readonly atLeast: number } | { readonly atMost: number }>>
}

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -'.ts'.length))
const [name = ''] = process.argv.slice(2)
if (names.includes(name)) await run(name)
else {
  process.stderr.write(`usage: npm run bench -- NAME, where NAME is one of ${names.join(', ')}\n`)
  process.exitCode = 1
}

async function run(bench: string): Promise<void> {
  const { measure }: { measure: (say: (line: string) => void) => Promise<Findings> } = await import(
    `./${bench}.ts`
  )
  const { figures, goals } = await measure((line) => void process.stdout.write(`${line}\n`))
  const isMet = ([figure, goal]: [string, Findings['goals'][string]]): boolean => {
    const value = figures[figure] ?? Number.NaN
    return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost
  }
  const all = Object.entries(goals)
  // without a goal there is nothing to meet
  const met = all.length === 0 ? undefined : all.every(isMet)
  process.stdout.write(`${JSON.stringify({ bench, figures, goals, met })}\n`)
}

/** Runs git for `git.ts`, from a process that is small and so quickly copied. Ends with the one that started it. */
import { spawn } from 'node:child_process'
import type { GitAnswer, GitQuestion } from './git.ts'

process.on('message', ({ id, args, cwd, env, input }: GitQuestion & { id: number }) => {
  const child = spawn('git', args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  const [out, said]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const answer = (code: number | null) =>
    process.send?.({ id, code, out: Buffer.concat(out), said: Buffer.concat(said) } satisfies GitAnswer)
  child.once('error', (error) => {
    said.push(Buffer.from(error.message))
    answer(null)
  })
  child.once('close', answer)
})

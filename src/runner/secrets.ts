import { redact } from '../text/redact.ts'
import { issueCommand } from './commands.ts'
import { type Inputs, variableOf } from './inputs.ts'

/** The secrets that this process knows. The runner masks them in the log; this process removes them from everything else that it writes. */
export interface Secrets {
  /** Makes a value known as a secret, before it is used for anything. */
  add(value: string): void
  /** Removes every known secret, and values shaped like one, from a text. */
  redact(text: string): string
}

const secretName =
  /token|secret|password|passwd|passphrase|credential|private|authorization|cookie|api[-_]?key|access[-_]?key|dsn/i

/** Masks every input that is declared, named or shaped as a secret. Called before the first line is logged. */
export function maskSecrets(inputs: Inputs, env: NodeJS.ProcessEnv): Secrets {
  const known = new Set<string>()
  const secrets: Secrets = {
    add(value) {
      for (const part of [value, ...value.split(/\r?\n/)].map((each) => each.trim())) {
        if (part.length < 4 || known.has(part)) continue
        known.add(part)
        issueCommand('add-mask', part)
      }
    },
    redact: (text) => redact(text, known),
  }
  const declared = new Set(
    Object.entries(inputs).flatMap(([name, { secret }]) => (secret ? [variableOf(name)] : [])),
  )
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('INPUT_') || value === undefined || value === '') continue
    if (declared.has(name) || secretName.test(name)) secrets.add(value)
    for (const password of passwordsInUrls(value)) secrets.add(password)
  }
  return secrets
}

function passwordsInUrls(text: string): readonly string[] {
  return [...text.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s/@]+)@/gi)].flatMap(
    ([, password]) => password ?? [],
  )
}

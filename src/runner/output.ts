import { StringDecoder } from 'node:string_decoder'

/**
 * Guards everything that this process prints, whoever prints it: no text on the standard streams is a command of the runner
 * but those that `sendCommand` sends. Called before anything is printed.
 */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!guarded.has(stream)) guardStream(stream)
    guarded.add(stream)
  }
}

/** A runner that has not read by then is gone. */
const printedWithinMs = 2_000

/**
 * Ends the process once what it printed is read: what a pipe does not take at once waits in the process, and `process.exit` drops it.
 * https://nodejs.org/api/process.html#a-note-on-process-io
 */
export function exitWhenPrinted(): void {
  const waiting = [process.stdout, process.stderr].filter(({ writableLength }) => writableLength > 0)
  const exit = () => process.exit()
  if (waiting.length === 0) exit()
  setTimeout(exit, printedWithinMs)
  void Promise.all(
    waiting.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  ).then(exit)
}

const guarded = new WeakSet<NodeJS.WriteStream>()

let isSending = false

/** Lets a function of `@actions/core` send its command; it escapes what the command carries. */
export function sendCommand(send: () => void): void {
  isSending = true
  try {
    send()
  } finally {
    isSending = false
  }
}

function guardStream(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream)
  const filter = openCommandFilter()
  const decoder = new StringDecoder('utf8')
  // the runner reads lines: a command that followed half a line would be a part of it
  let isLineEnded = true
  const print = (text: string, done?: (error?: Error | null) => void) => {
    if (text !== '') isLineEnded = /[\r\n]$/.test(text)
    return write(text, 'utf8', done)
  }
  stream.write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ) => {
    const finished = typeof encoding === 'function' ? encoding : done
    const text = typeof chunk === 'string' ? chunk : decoder.write(chunk)
    if (!isSending) return print(filter(text), finished)
    if (!isLineEnded) print(filter('\n'))
    return print(text, finished)
  }
}

/** The runner compares with the culture's rules, by which these characters are not there. */
const ignorable = /[\p{Cc}\p{Cf}]/u
const blank = /[\s\u0085]/

/**
 * Takes the commands out of a text that is printed in pieces, by one space in each:
 * `::name` at the start of a line becomes `: :name`, and `##[name]` anywhere becomes `## [name]`.
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function openCommandFilter(): (text: string) => string {
  let start: 'blank' | 'colon' | 'passed' = 'blank'
  let hashes = 0
  return (text) => {
    let safe = ''
    for (const char of text) {
      if (char === '\n' || char === '\r') {
        start = 'blank'
        hashes = 0
      } else if (blank.test(char)) {
        if (start === 'colon') start = 'passed'
        hashes = 0
      } else if (!ignorable.test(char)) {
        if ((char === ':' && start === 'colon') || (char === '[' && hashes >= 2)) safe += ' '
        start = char === ':' && start === 'blank' ? 'colon' : 'passed'
        hashes = char === '#' ? hashes + 1 : 0
      }
      safe += char
    }
    return safe
  }
}

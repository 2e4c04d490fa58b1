import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./eas-program.mjs', import.meta.url))

interface Group {
  readonly group: string
  readonly message: string
  readonly platforms: readonly string[]
  readonly runtimeVersion: string
  readonly isRollBackToEmbedded: boolean
  readonly rolloutPercentage?: number
}

export type EasFault = {
  readonly command: string
  readonly times: number
  /** before and after the deed it fails; instead it ends well and prints something else */
  readonly when: 'before' | 'after' | 'instead'
  readonly said: string
}

/** An Expo project with a stand-in for Expo's command line: the service cannot be reached by tests. */
export async function openExpoProject() {
  const folder = await mkdtemp(join(tmpdir(), 'expo-'))
  const [bin, file] = [join(folder, 'bin'), join(folder, 'state.json')]
  const token = 'expo-token-0123456789'
  await mkdir(bin)
  await writeFile(file, JSON.stringify({ token, groups: [], faults: [] }))
  await writeFile(`${file}.log`, '')
  const install = async (name: string) => {
    const path = join(bin, name)
    // npx gets the package's name before the command
    const shift = name === 'npx' ? 'shift 2\n' : ''
    await writeFile(path, `#!/bin/sh\n${shift}exec "${process.execPath}" "${program}" "$@"\n`)
    await chmod(path, 0o755)
  }
  const readState = async (): Promise<{ token: string; groups: Group[]; faults: EasFault[] }> =>
    JSON.parse(await readFile(file, 'utf8'))
  await install('eas')
  return {
    folder,
    token,
    /** what a job has */
    env: {
      PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
      HOME: folder,
      EXPO_TOKEN: token,
      EAS_STATE: file,
    },
    install,
    uninstall: (name: string) => rm(join(bin, name)),
    /** A new update group. @returns its id */
    async publish(message: string, options: Partial<Omit<Group, 'group' | 'message'>> = {}): Promise<string> {
      const state = await readState()
      const group = `aaaaaaaa-0000-4000-8000-${String(state.groups.length + 1).padStart(12, '0')}`
      const defaults = { platforms: ['android', 'ios'], runtimeVersion: '1.0.0', isRollBackToEmbedded: false }
      const groups = [...state.groups, { group, message, ...defaults, ...options }]
      await writeFile(file, JSON.stringify({ ...state, groups }))
      return group
    },
    async fault(fault: EasFault): Promise<void> {
      const state = await readState()
      await writeFile(file, JSON.stringify({ ...state, faults: [...state.faults, fault] }))
    },
    /** Newest first. */
    groups: async () => (await readState()).groups.toReversed(),
    /** The commands that were run, each with its arguments. */
    async commands(): Promise<readonly (readonly string[])[]> {
      const log = await readFile(`${file}.log`, 'utf8')
      return log
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    },
    /** The variables that the last command got. */
    seen: async (): Promise<Record<string, string>> => JSON.parse(await readFile(`${file}.env`, 'utf8')),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

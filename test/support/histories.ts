import type { WorkRepository } from './work-repository.ts'

export interface History {
  /** Ends with the bad revision checked out. @returns the good one */
  readonly build: (repository: WorkRepository) => Promise<string>
}

export interface BuiltHistory {
  readonly good: string
  readonly bad: string
}

const builders = {
  'a linear history': {
    async build({ write, commit }) {
      await write('a', '1\n')
      const good = await commit('good')
      await write('a', '2\n')
      await commit('worse')
      await write('b', '2\n')
      await commit('bad')
      return good
    },
  },

  'merges before and after': {
    async build({ git, write, commit }) {
      await write('a', '1\n')
      await commit('base')
      await git('switch', '--quiet', '-c', 'one')
      await write('one', '1\n')
      await commit('one')
      await git('switch', '--quiet', 'main')
      await write('a', '2\n')
      await commit('meanwhile')
      await git('merge', '--quiet', '--no-edit', 'one')
      const good = await git('rev-parse', 'HEAD')
      await git('switch', '--quiet', '-c', 'two')
      await write('one', '2\n')
      await commit('two')
      await git('switch', '--quiet', 'main')
      await write('three', '3\n')
      await commit('three')
      await git('merge', '--quiet', '--no-edit', 'two')
      return good
    },
  },

  'a good revision on the side branch of a merge': {
    async build({ git, write, commit }) {
      await write('a', '1\n')
      await commit('base')
      await git('switch', '--quiet', '-c', 'side')
      await write('side', '1\n')
      const good = await commit('side')
      await git('switch', '--quiet', 'main')
      await write('a', '2\n')
      await commit('main')
      await git('merge', '--quiet', '--no-edit', 'side')
      return good
    },
  },

  'renames and deletions, a file that became a folder': {
    async build({ git, write, commit }) {
      await write('old/name', 'a\nb\nc\n')
      await write('gone', 'x\n')
      await write('thing', 'x\n')
      const good = await commit('good')
      await git('mv', 'old/name', 'new-name')
      await git('rm', '--quiet', 'gone', 'thing')
      await write('thing/inside', 'y\n')
      await commit('bad')
      return good
    },
  },

  'mode changes and symbolic links': {
    async build({ write, executable, link, commit }) {
      await write('tool', '#!/bin/sh\n')
      await executable('tool', true)
      await link('latest', 'tool')
      await write('was-file', 'x\n')
      const good = await commit('good')
      await executable('tool', false)
      await link('latest', 'elsewhere')
      await link('was-file', 'tool')
      await commit('bad')
      return good
    },
  },

  'pointers of submodules': {
    async build({ git, write }) {
      const point = (sha: string) =>
        git('update-index', '--add', '--cacheinfo', `160000,${sha.repeat(40)},vendor/lib`)
      await write('.gitmodules', '[submodule "lib"]\n\tpath = vendor/lib\n\turl = ../lib\n')
      await git('add', '--all')
      await point('a')
      await git('commit', '--quiet', '-m', 'good')
      const good = await git('rev-parse', 'HEAD')
      await point('b')
      await git('commit', '--quiet', '-m', 'bad')
      return good
    },
  },

  'a revert of a revert': {
    async build({ git, write, commit }) {
      await write('a', '1\n')
      await commit('base')
      await write('a', '2\n')
      const good = await commit('feature')
      await git('revert', '--no-edit', 'HEAD')
      await git('revert', '--no-edit', 'HEAD')
      await git('revert', '--no-edit', 'HEAD')
      return good
    },
  },

  'paths and messages in any script': {
    async build({ write, commit }) {
      await write('größe/日本語 🎌', '1\n')
      await write('with "quotes"\tand tab', '1\n')
      await write('-leading-dash', '1\n')
      const good = await commit('gut — 良い')
      await write('größe/日本語 🎌', '2\n')
      await write('with "quotes"\tand tab', '2\n')
      await write('нет', '1\n')
      await commit('schlecht ✗\n\nRollback-To: nowhere')
      return good
    },
  },

  'a hundred commits': {
    async build({ git, write, commit }) {
      await write('count', '0\n')
      const good = await commit('good')
      for (let index = 1; index <= 100; index += 1) {
        await write('count', `${index}\n`)
        await git('commit', '--quiet', '--all', '-m', `count ${index}`)
      }
      return good
    },
  },

  'an empty commit among them': {
    async build({ write, commit }) {
      await write('a', '1\n')
      const good = await commit('good')
      await commit('nothing')
      await write('a', '2\n')
      await commit('bad')
      return good
    },
  },
} satisfies Readonly<Record<string, History>>

/** Histories as people have them, by what is special about them. */
export const histories: readonly (readonly [name: string, history: History])[] = Object.entries(builders)

/** Builds one. */
export async function buildHistory(work: WorkRepository, { build }: History): Promise<BuiltHistory> {
  const good = await build(work)
  return { good, bad: await work.git('rev-parse', 'HEAD') }
}

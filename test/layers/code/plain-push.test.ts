import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ConflictError, InputError, RefusedError, UnavailableError } from '../../../src/errors.ts'
import { openRemote } from '../../../src/layers/code/plain/open.ts'
import { type GitRemote, openGitRemote } from '../../support/git-remote.ts'
import { deployer, type GitServer, reader, startGitServer } from '../../support/git-server.ts'
import { reset, restore, roll } from '../../support/plain-rollback.ts'

let remote: GitRemote
let server: GitServer
let good: string
let bad: string
beforeEach(async () => {
  remote = await openGitRemote()
  server = await startGitServer(remote)
  ;[, good, , bad] = remote.commits
})
afterEach(async () => {
  await server.close()
  await remote.close()
})

const refs = () => remote.git('for-each-ref', '--format=%(refname) %(objectname)')
const overHttp = (who: { username: string; password: string } = deployer) => ({ url: server.url, ...who })
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('somebody who pushes in between', () => {
  test.each([
    ['restore', restore],
    ['reset', reset],
  ])('keeps what was pushed, and a %s changes neither branch nor tags', async (_, planner) => {
    const meanwhile = () => remote.pushOnTop('theirs.txt')
    const error = await thrownBy(roll(remote, planner(remote), { meanwhile }))
    expect(error).toBeInstanceOf(ConflictError)
    expect(String(error)).toContain('somebody else pushed in between, and nothing was changed; run again')
    expect(await remote.git('log', '-1', '--format=%s', 'main')).toBe('Write theirs.txt')
    expect(await remote.git('tag')).toBe('')
  })

  test('while the server takes the push is no loss, either', async () => {
    // the server has compared by then, and has not moved the branch yet
    const theirs = await remote.pushOnTop('theirs.txt')
    await remote.git('update-ref', 'refs/heads/main', bad)
    await remote.hook('pre-receive', `unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main ${theirs}`)
    const error = await thrownBy(roll(remote, restore(remote), overHttp()))
    expect(String(error)).toContain('somebody else pushed')
    expect(error).toBeInstanceOf(ConflictError)
    expect(await refs()).toBe(`refs/heads/main ${theirs}`)
  })
})

describe('an answer that is lost', () => {
  test('is read from the remote, also below somebody’s commit on top', async () => {
    server.loseAnswer(() => remote.pushOnTop('theirs.txt'))
    const { receipt } = await roll(remote, restore(remote), overHttp())
    expect(receipt?.outcome).toBe('rolled-back')
    expect(await remote.git('rev-parse', 'main^', `${receipt?.tag}^{commit}`)).toBe(
      `${receipt?.commit}\n${receipt?.commit}`,
    )
  })

  test('of a push that was not carried out is an error, and run again there is one rollback', async () => {
    const stop = server.onRequest((endpoint) => {
      if (endpoint === 'git-receive-pack') throw new Error('the line is cut')
    })
    await expect(roll(remote, restore(remote), overHttp())).rejects.toThrow(UnavailableError)
    stop()
    expect(await refs()).toBe(`refs/heads/main ${bad}`)
    await roll(remote, restore(remote), overHttp())
    expect((await roll(remote, restore(remote), overHttp())).receipt?.outcome).toBe('already-rolled-back')
    expect(await remote.git('rev-list', '--count', 'main')).toBe('5')
  })
})

describe('what a git server refuses', () => {
  async function refusal(options: Parameters<typeof roll>[2] = {}, planner = restore(remote)) {
    const error = await thrownBy(roll(remote, planner, options))
    expect(await refs()).toBe(`refs/heads/main ${bad}`)
    return error
  }

  test('the words of a hook are told', async () => {
    await remote.hook('pre-receive', 'echo "releases are frozen until Monday" >&2; exit 1')
    for (const options of [{}, overHttp()]) {
      const error = await refusal(options)
      expect(error).toBeInstanceOf(RefusedError)
      expect(String(error)).toContain('"releases are frozen until Monday; pre-receive hook declined"')
    }
  })

  test('a hook that declines the tag does not keep the branch from going back; a reset keeps what it takes away, or is none', async () => {
    await remote.hook('update', 'case $1 in refs/tags/*) echo "no tags, please"; exit 1;; esac')
    const error = await refusal({}, reset(remote))
    expect(String(error)).toContain('"no tags, please; ')
    expect(String(error)).toContain('let the user of `remote-username` push branches and tags there')
    const { receipt } = await roll(remote, restore(remote))
    expect(receipt).toMatchObject({ outcome: 'rolled-back', tag: undefined })
    expect(receipt?.untagged).toContain('no tags, please')
    expect(await refs()).toBe(`refs/heads/main ${receipt?.commit}`)
  })

  test('no branch may move back: a reset is refused and a restore is the way out', async () => {
    await remote.git('config', 'receive.denyNonFastForwards', 'true')
    const error = await refusal({}, reset(remote))
    expect(error).toBeInstanceOf(RefusedError)
    expect(String(error)).toContain('lets no branch move back')
    expect(String(error)).toContain('use mode: restore')
    await roll(remote, restore(remote))
    expect(await remote.git('rev-parse', 'main^{tree}')).toBe(await remote.git('rev-parse', `${good}^{tree}`))
  })

  test('a wrong password is told without it, and so is none', async () => {
    for (const password of ['wr0ng-passw0rd', '']) {
      const error = await refusal(overHttp({ username: 'deployer', password }))
      expect(error).toBeInstanceOf(RefusedError)
      expect(String(error)).toContain('check `remote-username` and `remote-password`')
      expect(String(error)).not.toContain('wr0ng-passw0rd')
    }
  })

  test('a user who may not push is told apart from one who is not known', async () => {
    const error = await refusal(overHttp(reader))
    expect(error).toBeInstanceOf(RefusedError)
    expect(String(error)).toContain('knows the user and does not allow this')
    expect(String(error)).toContain('403')
  })

  test('a repository that is not there, over HTTP and as a path', async () => {
    const urls = [`${server.url.replace('shop', 'shoe')}`, `${remote.path}.not`]
    for (const url of urls) {
      const error = await refusal({
        ...deployer,
        url,
        password: url.startsWith('/') ? '' : deployer.password,
      })
      expect(error).toBeInstanceOf(RefusedError)
      expect(String(error)).toContain('there is no git repository at the address of `remote`')
    }
  })

  test('a server that is down is not one that refuses', async () => {
    const error = await refusal({ url: 'http://127.0.0.1:9/team/shop.git' })
    expect(error).toBeInstanceOf(UnavailableError)
    expect(String(error)).toContain('run again when it can')
  })
})

describe('before anything is asked', () => {
  const open = (url: string, path = process.env['PATH'] ?? '') =>
    openRemote({ url, ...deployer, directory: remote.directory, path, signal: new AbortController().signal })

  test.each(['ssh://git@example.com/shop.git', 'git@example.com:shop.git', '../shop.git', 'ext::sh -c true'])(
    'the address %s is refused',
    async (url) => {
      await expect(open(url)).rejects.toThrow(InputError)
    },
  )

  test('credentials in the address are refused without being told', async () => {
    const error = await thrownBy(open('https://ada:s3cret-w0rd@example.com/shop.git'))
    expect(error).toBeInstanceOf(InputError)
    expect(String(error)).toContain('write them in `remote-username` and `remote-password`')
    expect(String(error)).not.toContain('s3cret-w0rd')
  })

  test('a git that is too old, and one that is not there, are told', async () => {
    const folder = join(remote.directory, 'bin')
    await mkdir(folder)
    await expect(open(remote.path, folder)).rejects.toThrow('git is not installed on this runner')
    await writeFile(join(folder, 'git'), '#!/bin/sh\necho git version 2.30.2\n', { mode: 0o755 })
    await expect(open(remote.path, folder)).rejects.toThrow(
      'this runner has git version 2.30.2, and this takes git 2.38 or later; use a newer runner image',
    )
  })
})

/** Issues, their labels and their comments. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Example, openExample, refusal, shop } from './example.ts'

let example: Example
beforeEach(async () => {
  example = await openExample()
})
afterEach(() => example.close())

const api = () => example.octokit.rest.issues
const create = async (title: string, options: { body?: string; labels?: string[] } = {}) =>
  (await api().create({ ...shop, title, ...options })).data
const at = (issue_number: number) => ({ ...shop, issue_number })

interface Listing {
  readonly state?: 'open' | 'closed' | 'all'
  readonly labels?: string
  readonly creator?: string
  readonly since?: string
  readonly sort?: 'created' | 'updated' | 'comments'
  readonly direction?: 'asc' | 'desc'
}
const titles = async (listing: Listing = {}) =>
  (await api().listForRepo({ ...shop, ...listing })).data.map(({ title }) => title)

describe('an issue', () => {
  test('is created open, numbered one after the other, by the token’s account', async () => {
    const first = await create('Down', { body: 'Since noon.' })
    const second = await create('Down again')
    expect([first.number, second.number]).toEqual([1, 2])
    expect(first).toMatchObject({
      state: 'open',
      state_reason: null,
      body: 'Since noon.',
      closed_at: null,
      comments: 0,
      user: { login: 'github-actions[bot]', type: 'Bot' },
      author_association: 'NONE',
      html_url: `${example.github.url}/octo-org/shop/issues/1`,
    })
    expect(second.body).toBeNull()
    expect((await api().get(at(1))).data).toEqual(first)
    expect(await refusal(api().get(at(3)))).toBe('404 Not Found')
  })

  test('by a person says how that person stands to the repository', async () => {
    const person = example.as({ login: 'grace', kind: 'user', association: 'MEMBER' })
    const { data } = await person.rest.issues.create({ ...shop, title: 'Down' })
    expect(data).toMatchObject({ user: { login: 'grace', type: 'User' }, author_association: 'MEMBER' })
  })

  test('is closed with a reason, and opened again', async () => {
    await create('Down')
    const close = await api().update({ ...at(1), state: 'closed', state_reason: 'duplicate' })
    expect(close.data).toMatchObject({ state: 'closed', state_reason: 'duplicate' })
    expect(close.data.closed_at).not.toBeNull()
    const open = await api().update({ ...at(1), state: 'open' })
    expect(open.data).toMatchObject({ state: 'open', state_reason: 'reopened', closed_at: null })
    expect((await api().update({ ...at(1), state: 'closed' })).data.state_reason).toBe('completed')
    // nothing happens to a reason when the state stays
    const again = await api().update({ ...at(1), state: 'closed', state_reason: 'not_planned' })
    expect(again.data.state_reason).toBe('completed')
  })

  test('is changed in what is given, and in nothing else', async () => {
    await create('Down', { body: 'Since noon.', labels: ['incident'] })
    const { data } = await api().update({ ...at(1), body: 'Since eleven.' })
    expect(data).toMatchObject({ title: 'Down', body: 'Since eleven.', labels: [{ name: 'incident' }] })
    const { data: cleared } = await api().update({ ...at(1), body: null, labels: [], assignees: ['ada'] })
    expect(cleared).toMatchObject({ title: 'Down', body: null, labels: [], assignees: [{ login: 'ada' }] })
    expect(await refusal(api().update({ ...at(1), title: ' ' }))).toBe('422 Validation Failed')
    expect(await refusal(api().update({ ...at(9), title: 'x' }))).toBe('404 Not Found')
  })
})

describe('a list of issues', () => {
  test('has the open ones, newest first, unless it is asked for others', async () => {
    for (const title of ['one', 'two', 'three']) await create(title)
    await api().update({ ...at(2), state: 'closed' })
    expect(await titles()).toEqual(['three', 'one'])
    expect(await titles({ state: 'closed' })).toEqual(['two'])
    expect(await titles({ state: 'all' })).toEqual(['three', 'two', 'one'])
    expect(await titles({ state: 'all', direction: 'asc' })).toEqual(['one', 'two', 'three'])
  })

  test('has those with all the labels, of one account, or changed since', async () => {
    await create('one', { labels: ['incident'] })
    await create('two', { labels: ['incident', 'production'] })
    await example.as({ login: 'grace', kind: 'user' }).rest.issues.create({ ...shop, title: 'three' })
    expect(await titles({ labels: 'incident' })).toEqual(['two', 'one'])
    expect(await titles({ labels: 'Incident,production' })).toEqual(['two'])
    expect(await titles({ labels: 'none' })).toEqual([])
    expect(await titles({ creator: 'grace' })).toEqual(['three'])
    expect(await titles({ creator: 'github-actions[bot]' })).toEqual(['two', 'one'])
    expect(await titles({ since: '2020-01-01T00:00:00Z' })).toEqual(['three', 'two', 'one'])
    expect(await titles({ since: '2199-01-01T00:00:00Z' })).toEqual([])
  })

  test('is sorted by the comments too', async () => {
    for (const title of ['one', 'two', 'three']) await create(title)
    for (const number of [1, 1, 3]) await api().createComment({ ...at(number), body: 'hm' })
    expect(await titles({ sort: 'comments' })).toEqual(['one', 'three', 'two'])
    expect(await titles({ sort: 'comments', direction: 'asc' })).toEqual(['two', 'three', 'one'])
  })

  test('comes in pages that octokit follows', async () => {
    for (let count = 1; count <= 7; count += 1) await create(`issue ${count}`)
    const all = await example.octokit.paginate(api().listForRepo, { ...shop, per_page: 3 })
    expect(all.map(({ number }) => number)).toEqual([7, 6, 5, 4, 3, 2, 1])
    expect(
      example.github.requests.filter(({ operation }) => operation === 'issues/list-for-repo'),
    ).toHaveLength(3)
  })
})

describe('a label', () => {
  test('is made once, whatever the case of its letters', async () => {
    const label = { ...shop, name: 'Incident', color: 'd73a4a', description: 'Something is down' }
    expect((await api().createLabel(label)).data).toMatchObject({
      name: 'Incident',
      color: 'd73a4a',
      description: 'Something is down',
    })
    const again = await api()
      .createLabel({ ...shop, name: 'incident' })
      .catch((error: unknown) => error)
    expect(again).toMatchObject({
      status: 422,
      response: { data: { errors: [{ resource: 'Label', field: 'name', code: 'already_exists' }] } },
    })
    expect((await api().getLabel({ ...shop, name: 'INCIDENT' })).data.name).toBe('Incident')
    expect(await refusal(api().getLabel({ ...shop, name: 'none' }))).toBe('404 Not Found')
  })

  test('that an issue is given and that is not there yet is made', async () => {
    await create('Down', { labels: ['incident'] })
    await api().update({ ...at(1), labels: ['sev1'] })
    await api().addLabels({ ...at(1), labels: ['production'] })
    const { data } = await api().listLabelsForRepo(shop)
    expect(data.map(({ name, color }) => `${name} ${color}`)).toEqual([
      'incident ededed',
      'sev1 ededed',
      'production ededed',
    ])
  })

  test('is added to those that an issue has, and not twice', async () => {
    await create('Down', { labels: ['incident'] })
    const add = async (labels: string[]) =>
      (await api().addLabels({ ...at(1), labels })).data.map(({ name }) => name)
    expect(await add(['sev1', 'INCIDENT'])).toEqual(['incident', 'sev1'])
    expect((await api().get(at(1))).data.labels).toMatchObject([{ name: 'incident' }, { name: 'sev1' }])
  })
})

test('who put a label on an issue, and who took it off, are events of the issue', async () => {
  await create('Down', { labels: ['incident'] })
  const grace = example.as({ login: 'grace', kind: 'user' })
  await grace.rest.issues.addLabels({ ...at(1), labels: ['sev1', 'INCIDENT'] })
  await api().update({ ...at(1), labels: ['sev1'] })
  const { data } = await api().listEvents(at(1))
  const told = data.map((each) => [each.event, each.actor?.login, 'label' in each && each.label.name])
  expect(told).toEqual([
    ['labeled', 'github-actions[bot]', 'incident'],
    ['labeled', 'grace', 'sev1'],
    ['unlabeled', 'github-actions[bot]', 'incident'],
  ])
})

describe('a comment', () => {
  test('is added to an issue, listed oldest first, and changed', async () => {
    await create('Down')
    await create('Other')
    const first = (await api().createComment({ ...at(1), body: 'Looking' })).data
    await api().createComment({ ...at(1), body: 'Rolled back' })
    await api().createComment({ ...at(2), body: 'Elsewhere' })
    await api().updateComment({ ...shop, comment_id: first.id, body: 'Looking into it' })
    const { data } = await api().listComments(at(1))
    expect(data.map(({ body }) => body)).toEqual(['Looking into it', 'Rolled back'])
    expect(data[0]).toMatchObject({ user: { login: 'github-actions[bot]' }, html_url: first.html_url })
    expect((await api().get(at(1))).data.comments).toBe(2)
    expect((await api().listComments({ ...at(1), since: '2199-01-01T00:00:00Z' })).data).toEqual([])
  })

  test('has words, and an issue', async () => {
    await create('Down')
    expect(await refusal(api().createComment({ ...at(1), body: '' }))).toBe('422 Validation Failed')
    expect(await refusal(api().createComment({ ...at(2), body: 'x' }))).toBe('404 Not Found')
    expect(await refusal(api().listComments(at(2)))).toBe('404 Not Found')
    expect(await refusal(api().updateComment({ ...shop, comment_id: 99, body: 'x' }))).toBe('404 Not Found')
  })
})

import { createServer } from 'node:http'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { prepareHttpCheck } from '../../src/health/checks/http/check.ts'
import type { Reading } from '../../src/health/reading.ts'
import { explainNoAnswer } from '../../src/http/no-answer.ts'
import { openSocketFetch } from '../../src/http/socket-fetch.ts'
import { type MisbehavingService, startMisbehavingService } from '../support/misbehaving-service.ts'
import { startTlsService } from '../support/tls.ts'
import { httpCheckOf } from './example.ts'

let service: MisbehavingService
beforeAll(async () => {
  service = await startMisbehavingService()
})
afterAll(() => service.stop())

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function probe(check: object, at = Date.now()): Promise<Reading> {
  const surroundings = {
    fetch,
    env: {},
    timeoutMs: 2000,
    intervalMs: 15_000,
    plannedPolls: 21,
    deployedAt: undefined,
    now: () => performance.now(),
  }
  const parsed = httpCheckOf({ url: service.url, ...check })
  return prepareHttpCheck(parsed, surroundings).look(at, new AbortController().signal)
}
const isGood = { kind: 'value', value: 0 }
const isBad = (why: string) => ({ kind: 'value', value: 1, note: `1 of 1 probes failed: 1 × ${why}` })
const says = (body: string, headers: Record<string, string> = {}) =>
  service.behave({ kind: 'raw', status: 200, body, headers })

describe('a body', () => {
  test.each([
    ['that matches the pattern is good', 'version 1.4.2', '^version \\d+', isGood],
    ['that does not is a failure', 'version ?', '^version \\d+', isBad('the body did not match the pattern')],
  ])('%s', async (_, body, pattern, outcome) => {
    says(body)
    expect(await probe({ expect: { 'body-matches': pattern } })).toMatchObject(outcome)
  })

  test('on which a pattern takes for ever is given up in half a second', async () => {
    says(`${'a'.repeat(40)}!`)
    const startedAt = performance.now()
    expect(await probe({ expect: { 'body-matches': '^(a+)+$' } })).toMatchObject(
      isBad('the pattern takes too long on the body'),
    )
    expect(performance.now() - startedAt).toBeLessThan(3000)
  })

  test.each<[string, string, object]>([
    [
      'with the values that are asked for is good',
      '{"status":"ok","parts":[{"up":true},{"up":true}]}',
      isGood,
    ],
    ['with another value is a failure', '{"status":"bad","parts":[]}', isBad('$.status is not "ok"')],
    [
      'with another value among several is a failure',
      '{"status":"ok","parts":[{"up":true},{"up":false}]}',
      isBad('$.parts[*].up is not true'),
    ],
    ['without the value is a failure', '{"parts":[]}', isBad('$.status is not in the body')],
    ['that is no JSON is a failure', '<h1>', isBad('the body is not JSON')],
  ])('%s', async (_, body, outcome) => {
    says(body)
    const json = { '$.status': 'ok', '$.parts[*].up': true }
    expect(await probe({ expect: { json } })).toMatchObject(outcome)
  })
})

test('a header of the answer has to be as expected', async () => {
  const check = { expect: { headers: { 'Content-Type': 'json' } } }
  says('{}', { 'content-type': 'application/json' })
  expect(await probe(check)).toMatchObject(isGood)
  says('{}', { 'content-type': 'text/html' })
  expect(await probe(check)).toMatchObject(isBad('the header Content-Type was not as expected'))
})

describe('a request', () => {
  test('is sent with its method and body', async () => {
    const seen: string[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      seen.push(`${request.method} ${request.headers['content-type']} ${body}`)
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => server.close())
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/graphql`
    const check = {
      url,
      method: 'POST',
      body: '{"query":"{ up }"}',
      headers: { 'content-type': 'application/json' },
    }
    expect(await probe(check)).toMatchObject(isGood)
    expect(await probe({ ...check, ip: 4 })).toMatchObject(isGood)
    expect(await probe({ url, method: 'HEAD' })).toMatchObject(isGood)
    expect(seen).toEqual([
      'POST application/json {"query":"{ up }"}',
      'POST application/json {"query":"{ up }"}',
      'HEAD undefined ',
    ])
  })

  test('that was a POST is a GET after a redirect, as in a browser', async () => {
    service.behave({ kind: 'redirect', times: 1 })
    expect(await probe({ method: 'POST', body: 'x=1' })).toMatchObject(isGood)
    expect(service.seen.slice(-2).map(({ method }) => method)).toEqual(['POST', 'GET'])
  })

  test('follows no redirect where none is to be followed', async () => {
    service.behave({ kind: 'redirect', times: 1 })
    expect(await probe({ redirects: 0 })).toMatchObject(isBad('status 302'))
    service.behave({ kind: 'redirect', times: 3 })
    expect(await probe({ redirects: 2 })).toMatchObject(isBad('more than 2 redirects'))
  })

  test('by IPv4 or IPv6 goes to those addresses of the host alone', async () => {
    const url = service.url.replace('127.0.0.1', 'localhost')
    service.behave({ kind: 'answer' })
    expect(await probe({ url, ip: 4 })).toMatchObject(isGood)
    const before = service.seen.length
    // refused where the machine knows localhost by IPv6, too
    const other = await probe({ url, ip: 6 })
    expect(other.note).toMatch(/the connection was refused|the host has no IPv6 address \(AAAA record\)/)
    expect(service.seen).toHaveLength(before)
  })

  test('by IPv6 says so clearly where the host has no such address, and where it is not there at all', async () => {
    const ask = (family: 4 | 6, families: readonly number[]) =>
      openSocketFetch({ family, familiesOf: async () => families })('http://nobody.invalid/').catch(
        explainNoAnswer,
      )
    expect(await ask(6, [4])).toMatchObject({
      isOutage: false,
      detail:
        'the host has no IPv6 address (AAAA record), and `ip` is 6; add the record, or remove `ip` (NO_IPV6_ADDRESS)',
    })
    expect(await ask(4, [6])).toMatchObject({
      detail: expect.stringContaining('the host has no IPv4 address (A record), and `ip` is 4'),
    })
    expect(await ask(6, [])).toMatchObject({ detail: expect.stringContaining('the host name was not found') })
  })

  test('by IPv6 does not follow a redirect to an IPv4 address', async () => {
    service.behave({ kind: 'answer' })
    const before = service.seen.length
    const asked = openSocketFetch({ family: 6 })(service.url)
    await expect(asked).rejects.toMatchObject({ code: 'NO_IPV6_ADDRESS' })
    expect(service.seen).toHaveLength(before)
  })

  test('at an address of the other kind is refused before anything is asked', () => {
    expect(() => httpCheckOf({ url: 'http://127.0.0.1/', ip: 6 })).toThrow(
      '`ip` is `6`, and the host of `url` is an IPv4 address; remove it, or write a host name',
    )
    expect(() => httpCheckOf({ url: 'http://[::1]/', ip: 4 })).toThrow('is an IPv6 address')
  })

  test('goes to an IPv6 address as it stands', async () => {
    const six = createServer((_, response) => response.end('six'))
    await new Promise<void>((resolve) => six.listen(0, '::1', resolve))
    closers.push(() => six.close())
    const address = six.address()
    const url = `http://[::1]:${typeof address === 'object' ? address?.port : ''}/`
    expect(await probe({ url, ip: 6, expect: { body: 'six' } })).toMatchObject(isGood)
  })

  test('on a connection of its own fails as any other', async () => {
    for (const [behaviour, why] of [
      [{ kind: 'drop' }, 'the connection was dropped (ECONNRESET)'],
      [{ kind: 'raw', status: 503 }, 'status 503'],
      [{ kind: 'drip' }, 'no complete answer within 2s'],
      [{ kind: 'redirect', times: 99 }, 'more than 5 redirects'],
    ] as const) {
      service.behave(behaviour)
      expect(await probe({ ip: 4 })).toMatchObject(isBad(why))
    }
    service.behave({ kind: 'raw', status: 204 })
    expect(await probe({ ip: 4 })).toMatchObject(isGood)
  })
})

describe('a certificate', () => {
  const day = 24 * 60 * 60_000
  const trusted = getCACertificates('default')
  afterAll(() => setDefaultCACertificates(trusted))

  test('that nobody vouches for is an error, and no evidence against production', async () => {
    const server = await startTlsService({ days: 30 })
    closers.push(server.stop)
    for (const check of [{}, { expect: { 'certificate-valid-for': '1d' } }]) {
      expect(await probe({ url: server.url, ...check })).toMatchObject({
        kind: 'error',
        note: expect.stringContaining('the TLS connection failed (DEPTH_ZERO_SELF_SIGNED_CERT)'),
      })
    }
  })

  test('that is valid for long enough is good, and one that soon ends is a failure', async () => {
    const server = await startTlsService({ days: 30 })
    closers.push(server.stop)
    setDefaultCACertificates([...trusted, server.certificate])
    const check = { url: server.url, expect: { 'certificate-valid-for': '14d' } }
    expect(await probe(check)).toMatchObject(isGood)
    const ends = new Date(Date.now() + 30 * day).toISOString().slice(0, 10)
    expect(await probe(check, Date.now() + 20 * day)).toMatchObject(
      isBad(`the certificate ends on ${ends}, in less than 14d`),
    )
  })
})

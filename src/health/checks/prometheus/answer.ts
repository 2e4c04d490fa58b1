import { z } from 'zod'
import type { Answer } from '../../../http/request.ts'
import type { GapReading, Reading } from '../../reading.ts'

/** A moment and its value, which is a string so that it can be NaN or infinite. */
const pointSchema = z.tuple([z.number(), z.string()])

const labelsSchema = z.record(z.string(), z.string()).default({})

const dataSchema = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('vector'),
    // a native histogram has `histogram` in the place of `value`
    result: z.array(z.object({ metric: labelsSchema, value: pointSchema.optional() })),
  }),
  z.object({ resultType: z.literal('scalar'), result: pointSchema }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: labelsSchema, values: z.array(pointSchema).default([]) })),
  }),
  z.object({ resultType: z.literal('string') }),
])

const answerSchema = z.discriminatedUnion('status', [
  // `data` may come with an error, for a result in part: not looked at
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
  z.object({ status: z.literal('success'), data: dataSchema, warnings: z.array(z.string()).optional() }),
])

export type Data = z.infer<typeof dataSchema>

const seriesSchema = z.object({ status: z.literal('success'), data: z.array(labelsSchema) })

/** What a query found. */
export interface Found {
  readonly kind: 'found'
  readonly data: Data
  readonly warnings: readonly string[]
}

/**
 * Reads the answer to an instant query. One number is a value; none, or NaN, is no data; everything else is an error that
 * says what to change. Notes may quote the server, and have to be redacted by the caller.
 * @param shownUrl the address, for people
 */
export function readAnswer(answer: Answer, shownUrl: string): Reading {
  const found = openAnswer(answer, shownUrl)
  return found.kind === 'found' ? withWarnings(readData(found.data), found.warnings) : found
}

/** What a query found, or the error that says why it found nothing. */
export function openAnswer(answer: Answer, shownUrl: string): Found | GapReading {
  const { status, body, cut } = answer
  if (status === 401 || status === 403) {
    return mistake(
      `${shownUrl} refused the query (status ${status}): check the headers of this check and the secrets they are read from`,
    )
  }
  if (status >= 300 && status <= 399) {
    return error(
      `${shownUrl} answered with a redirect (status ${status}): write the address it leads to, or the credentials it asks for`,
    )
  }
  if (cut) return error(`${shownUrl} answered with more than 5 MiB: aggregate the query, e.g. sum(...)`)
  const json = parseJson(body)
  if (json === undefined && status >= 500) return error(`${shownUrl} answered with status ${status}`)
  if (json === undefined) {
    return error(
      `${shownUrl} answered with status ${status} and not with JSON: check that this is the address of a Prometheus server, with its path prefix`,
    )
  }
  const parsed = answerSchema.safeParse(json)
  if (!parsed.success) {
    return error(
      `${shownUrl} answered with status ${status} and JSON that is not a response of Prometheus' /api/v1/query`,
    )
  }
  if (parsed.data.status === 'error') {
    const { errorType, error: text } = parsed.data
    const note = `${shownUrl} answered with ${errorType}: ${text}`
    return errorType === 'bad_data' ? mistake(note) : error(note)
  }
  if (status < 200 || status > 299) return error(`${shownUrl} answered with status ${status}`)
  return { kind: 'found', data: parsed.data.data, warnings: parsed.data.warnings ?? [] }
}

/** Whether a list of series has any; undefined for an answer that is no such list. */
export function readSeriesAnswer({ status, body, cut }: Answer): boolean | undefined {
  if (status < 200 || status > 299) return undefined
  // a list that is too long to be read is not empty
  if (cut) return true
  const parsed = seriesSchema.safeParse(parseJson(body))
  return parsed.success ? parsed.data.data.length > 0 : undefined
}

function readData(data: Data): Reading {
  switch (data.resultType) {
    case 'matrix':
      return mistake('the query has a range of values as its result: wrap it, e.g. rate(...)')
    case 'string':
      return mistake('the query has a text as its result: ask for a number')
    case 'scalar':
      return readNumber(data.result[1])
    case 'vector': {
      const [series, ...others] = data.result
      if (series === undefined) return { kind: 'no-data', note: 'the query found no series' }
      if (others.length > 0) {
        return error(
          `the query found ${data.result.length} series where one is needed: aggregate it, e.g. sum(...)`,
        )
      }
      if (series.value === undefined)
        return error('the query has a histogram as its result: ask for a number of it')
      return readNumber(series.value[1])
    }
  }
}

/** Prometheus prints numbers as Go does; nothing that is merely number-like passes. */
function readNumber(text: string): Reading {
  if (text === 'NaN')
    return { kind: 'no-data', note: 'the query gave NaN, as a division of nothing by nothing does' }
  const infinite = /^([+-]?)Inf$/.exec(text)
  if (infinite !== null) {
    const value = infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    return { kind: 'value', value }
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text))
    return error('the query gave a value that is not a number')
  return { kind: 'value', value: Number(text) }
}

/** A warning may mean that a part of the data is missing, so it is shown wherever the value is. */
function withWarnings(reading: Reading, warnings: readonly string[]): Reading {
  if (warnings.length === 0) return reading
  const note = `the server warned: ${warnings.join('; ')}`
  return { ...reading, note: reading.note === undefined ? note : `${reading.note}, and ${note}` }
}

function error(note: string): GapReading {
  return { kind: 'error', note }
}

/** An error that stays until somebody repairs the configuration. */
function mistake(note: string): GapReading {
  return { kind: 'error', note, permanent: true }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import type { Session } from './connect.ts'

/** How values are written, so that the same row is the same text in every session, and how fast they are read. */
const writing = [
  "SET search_path = ''",
  "SET datestyle = 'ISO, YMD'",
  "SET intervalstyle = 'postgres'",
  "SET timezone = 'UTC'",
  'SET extra_float_digits = 1',
  "SET bytea_output = 'hex'",
  'SET xmloption = content',
  // an error where a row policy would hide rows from us
  'SET row_security = off',
  // compiling the query for all definitions took 48 s, and running it 0.2 s
  'SET jit = off',
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
].join('; ')

export async function setWriting(session: Session): Promise<void> {
  await session.query(writing)
}

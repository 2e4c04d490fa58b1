/** A stream that fails while nobody reads it ends nothing but itself. */

import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createZstdDecompress } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { forward } from '../../../src/layers/database/forward.ts'

const openDamaged = () => forward(Readable.from([Buffer.from('no frame of zstd')]), createZstdDecompress())

test('what is damaged is an error of its reader, who may come late', async () => {
  const stream = openDamaged()
  await sleep(50)
  expect(stream.errored).not.toBeNull()
  await expect(stream.toArray()).rejects.toThrow()
})

test('what is damaged and read by nobody does not end the process', async () => {
  const stream = openDamaged()
  await sleep(50)
  expect(stream.destroyed).toBe(true)
})

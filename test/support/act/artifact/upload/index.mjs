import { appendFileSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

// the library takes every server that is not github.com for one without artifacts
process.env.GITHUB_SERVER_URL = 'https://github.com'
// act's signatures end with a bare `=`, which the client of the storage takes for an end of its own
const { parse } = JSON
JSON.parse = (text, ...others) => parse(String(text).replaceAll(/sig=([\w-]+)=/g, 'sig=$1%3D'), ...others)
const { DefaultArtifactClient } = createRequire(import.meta.url)(process.env.ARTIFACT_LIBRARY)

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? ''
const path = input('path')
const isFolder = statSync(path).isDirectory()
const files = isFolder
  ? readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile() && !each.name.startsWith('.'))
      .map((each) => join(each.parentPath, each.name))
  : [path]
if (files.length === 0) throw new Error(`there is nothing in ${path}`)
const days = Number(input('retention-days'))
const { id } = await new DefaultArtifactClient().uploadArtifact(
  input('name'),
  files,
  isFolder ? path : dirname(path),
  days > 0 ? { retentionDays: days } : {},
)
appendFileSync(process.env.GITHUB_OUTPUT, `artifact-id=${id}\n`)

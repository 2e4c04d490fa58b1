import { appendFileSync } from 'node:fs'
import { createRequire } from 'node:module'

// the library takes every server that is not github.com for one without artifacts
process.env.GITHUB_SERVER_URL = 'https://github.com'
const { DefaultArtifactClient } = createRequire(import.meta.url)(process.env.ARTIFACT_LIBRARY)

const name = process.env.INPUT_ARTIFACT_NAME
const { artifacts } = await new DefaultArtifactClient().listArtifacts()
const found = artifacts.find((each) => each.name === name)
if (found === undefined) throw new Error(`the run has no artifact ${name}`)
process.stdout.write(`the site of artifact ${found.id} is published\n`)
appendFileSync(process.env.GITHUB_OUTPUT, 'page_url=https://octo-org.github.io/shop/\n')

import { InputError } from '../../../errors.ts'

/** A bucket, and what opens it. */
export interface BucketAddress {
  readonly bucket: string
  /** what every key begins with: empty, or ending in a slash */
  readonly prefix: string
  readonly region: string
  /** of the bucket, ending in a slash */
  readonly url: URL
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

/**
 * Reads `s3://bucket/prefix`. Keys, region and the address of another server than Amazon's come from the variables that every
 * tool for S3 takes: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
 * @throws InputError without naming the input
 */
export function parseBucket(text: string, env: Readonly<Record<string, string | undefined>>): BucketAddress {
  const [, bucket, rest = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w.!*'()/-]*))?$/.exec(text) ?? []
  const folders = rest.split('/').filter((each) => each !== '')
  if (bucket === undefined || folders.some((each) => /^\.+$/.test(each)))
    throw new InputError(
      `is "${text}"; write a bucket such as s3://my-backups/shop, of letters, digits, dots and dashes`,
    )
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? ''
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? ''
  if (accessKeyId === '' || secretAccessKey === '')
    throw new InputError(
      `is "${text}", and its keys are not set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in env, from secrets or by aws-actions/configure-aws-credentials`,
    )
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1'
  return {
    bucket,
    prefix: folders.map((each) => `${each}/`).join(''),
    region,
    url: urlOf(bucket, region, env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL']),
    accessKeyId,
    secretAccessKey,
    sessionToken: env['AWS_SESSION_TOKEN'] || undefined,
  }
}

/** Amazon's certificates are for one level of names under its own, and other servers often have but one name. */
function urlOf(bucket: string, region: string, endpoint: string | undefined): URL {
  if (endpoint === undefined)
    return bucket.includes('.')
      ? new URL(`https://s3.${region}.amazonaws.com/${bucket}/`)
      : new URL(`https://${bucket}.s3.${region}.amazonaws.com/`)
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new InputError(
      `is in a bucket of AWS_ENDPOINT_URL, and that is not an address; write one such as https://s3.example.com`,
    )
  return new URL(`${bucket}/`, endpoint.endsWith('/') ? endpoint : `${endpoint}/`)
}

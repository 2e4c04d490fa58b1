import { InputError } from '../errors.ts'
import { isSameBinary } from './binary.ts'
import { type Channel, formatChannel } from './release.ts'
import { olderThan } from './target.ts'
import type { Report, Reports } from './update-server.ts'

/** How a release does on the devices, against the one before it. */
export type FailureSignal =
  /** too little was reported: never to be taken for health */
  | { readonly kind: 'no-data'; readonly because: string }
  | {
      readonly kind: 'rates'
      readonly label: string
      readonly failed: number
      /** devices that reported either way */
      readonly reported: number
      /** failed / reported, 0..1 */
      readonly rate: number
      /** the same of the release before it for the same binaries, when enough devices reported of it */
      readonly before: { readonly label: string; readonly rate: number } | undefined
    }

/**
 * The share of devices on which a release failed. Apps that forget to confirm a start fail on one device in ten and more
 * with every release, so that a share says little by itself: the one of the release before it is its measure.
 * @param reports undefined or empty is no data: servers without their metrics store answer so
 * @param minReported devices that have to have reported
 * @throws InputError for a label that the channel does not have
 */
export function readFailureSignal(
  channel: Channel,
  reports: Reports | undefined,
  { label, minReported }: { readonly label: string; readonly minReported: number },
): FailureSignal {
  const release = channel.releases.find((each) => each.label === label)
  if (release === undefined)
    throw new InputError(`${formatChannel(channel.name)} has no release ${label}; write one that it has`)
  const of = formatChannel(channel.name)
  if (reports === undefined || reports.size === 0)
    return { kind: 'no-data', because: `the server counts nothing for ${of}` }
  const report = reports.get(label)
  const reported = countOf(report)
  if (report === undefined || reported < Math.max(1, minReported))
    return {
      kind: 'no-data',
      because: `${reported} devices reported of ${label} on ${of}, fewer than ${Math.max(1, minReported)}`,
    }
  const before = olderThan(release, channel.releases).find(
    (each) =>
      isSameBinary(each.binary, release.binary) &&
      each.packageHash !== release.packageHash &&
      countOf(reports.get(each.label)) >= Math.max(1, minReported),
  )
  return {
    kind: 'rates',
    label,
    failed: report.failed,
    reported,
    rate: report.failed / reported,
    before: before && { label: before.label, rate: rateOf(reports.get(before.label)) },
  }
}

function countOf(report: Report | undefined): number {
  return report === undefined ? 0 : report.installed + report.failed
}

function rateOf(report: Report | undefined): number {
  return report === undefined ? 0 : report.failed / countOf(report)
}

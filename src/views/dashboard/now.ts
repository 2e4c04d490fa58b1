import { count } from '../../text/count.ts'
import type { Records, Report } from '../report/report.ts'
import { sayMinute, sayMs, sayResult, sayShare } from '../report/say.ts'
import { foreign, type Html, html } from './html.ts'

/** How each environment stands: open incidents, holds, the last rollback, and the last rehearsal. */
export function renderNow(records: Records, report: Report, dispatchUrl: string | undefined): Html {
  const rows = report.downtime.environments
  const isMany = report.repositories.length > 1
  const { rehearsals } = report
  const table =
    rows.length === 0
      ? html`<p>There is nothing to show yet: the history has no deployment and no rollback.</p>`
      : html`<div class="wide" tabindex="0" role="region" aria-label="Environments now"><table><caption>From the history; the environments themselves were not checked</caption><thead><tr><th scope="col">environment</th><th scope="col">state</th><th scope="col">automatic rollbacks</th><th scope="col">last rollback</th><th scope="col" class="n">downtime</th><th scope="col" class="n">availability</th></tr></thead><tbody>${rows.map((row) => environmentRow(records, report, row, isMany))}</tbody></table></div>`
  const [last] = rehearsals.newest
  return html`${table}<p>${
    last === undefined
      ? 'No rehearsal in this period: rollbacks were not tested.'
      : html`Last rehearsal: ${sayMinute(last.at)} UTC in ${foreign(last.environment)}, ${sayResult(last.result)}. ${rehearsals.passed} of ${count(rehearsals.total, 'rehearsal')} in this period passed. <a href="#rehearsals">Rehearsals</a>`
  }</p>${dispatchUrl === undefined ? '' : html`<p><a href="${dispatchUrl}" rel="noreferrer">Roll back</a> opens the workflow on GitHub, and starts nothing yet.</p>`}`
}

function environmentRow(
  { failures, rollbacks, incidents }: Records,
  { holds }: Report,
  { repository, environment, downtimeMs, availability, open }: Report['downtime']['environments'][number],
  isMany: boolean,
): Html {
  const isHere = (each: { readonly repository: string; readonly environment: string }) =>
    each.repository === repository && each.environment === environment
  const last = rollbacks.findLast(isHere)
  const newest = failures.findLast((each) => isHere(each) && !each.isImported)
  const hold = holds.find(isHere)
  const issue = newest && incidents.issueOf(newest.incident)
  const isOpen = newest !== undefined && newest.restoredAt === undefined
  const state = isOpen
    ? html`<span class="state bad">recovery not verified</span>${issue !== undefined && /^https?:/.test(issue) ? html`<br><a href="${issue}" rel="noreferrer">post-mortem</a>` : ''}`
    : html`no open incident${open > 0 ? html`<br><span class="soft">${open} older not verified</span>` : ''}`
  return html`<tr><th scope="row">${isMany ? html`${foreign(repository)} ` : ''}${foreign(environment)}</th><td>${state}</td><td>${
    hold === undefined
      ? 'no hold in the history'
      : html`<span class="state wait">on hold</span> since ${sayMinute(hold.since)} by ${foreign(hold.actor)}: ${foreign(hold.because)}`
  }</td><td>${last === undefined ? 'none' : `${sayMinute(new Date(last.at).toISOString())}: ${last.outcome}`}</td><td class="n">${sayMs(downtimeMs)}</td><td class="n">${sayShare(availability, 2)}</td></tr>`
}

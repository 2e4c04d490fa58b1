import { createHash } from 'node:crypto'
import { formatMoment } from '../../text/time.ts'
import { badge, type Notice, subjectOf } from '../notice.ts'

/**
 * A message of an incident's thread, as text and HTML. The first message has the id of the thread, and all others refer to it, so
 * that mail programs show one conversation.
 */
export function writeMail(
  notice: Notice,
  { isFirst, from }: { readonly isFirst: boolean; readonly from: string },
) {
  const host = /@([^\s<>]+?)>?$/.exec(from)?.[1] ?? 'localhost'
  const { incident, repository, id } = notice
  const thread = `<${digest([repository, incident.incident, String(incident.episode)])}@${host}>`
  return {
    thread,
    messageId: isFirst ? thread : `<${id}@${host}>`,
    ...(isFirst ? {} : { inReplyTo: thread, references: [thread] }),
    subject: oneLine(`${isFirst ? '' : 'Re: '}${subjectOf(notice)}`).slice(0, 200),
    text: writeText(notice),
    html: writeHtml(notice),
    headers: {
      // no answer of a machine to a machine: https://www.rfc-editor.org/rfc/rfc3834
      'Auto-Submitted': 'auto-generated',
      'X-Rollback-Incident': incident.incident,
    },
  }
}

function writeText(notice: Notice): string {
  const { title, headline, facts, links, repository, at } = notice
  return [
    `${badge(notice)}: ${title}`,
    '',
    headline,
    '',
    ...facts.map(({ label, value }) => `${label}: ${oneLine(value)}`),
    '',
    ...links.map(({ label, url }) => `${label}: ${url}`),
    '',
    `${repository}, ${formatMoment(Date.parse(at))}`,
    '',
  ].join('\n')
}

/** Tables and attributes, as mail programs understand them. */
function writeHtml(notice: Notice): string {
  const { title, headline, facts, links, repository, at, incident } = notice
  const color = incident.status === 'resolved' ? '#1a7f37' : '#cf222e'
  const row = ({ label, value }: { readonly label: string; readonly value: string }) =>
    `<tr><td valign="top" align="left" width="160"><font face="Arial, sans-serif" color="#57606a">${escapeHtml(label)}</font></td><td valign="top" align="left"><font face="Arial, sans-serif" color="#24292f">${escapeHtml(value)}</font></td></tr>`
  return [
    '<!DOCTYPE html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body>`,
    `<h2><font face="Arial, sans-serif" color="${color}">${escapeHtml(badge(notice))}: ${escapeHtml(title)}</font></h2>`,
    `<p><font face="Arial, sans-serif" color="#24292f">${escapeHtml(headline)}</font></p>`,
    `<table border="0" cellpadding="4" cellspacing="0" width="100%">${facts.map(row).join('')}</table>`,
    `<p><font face="Arial, sans-serif">${links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`).join(' &middot; ')}</font></p>`,
    `<p><font face="Arial, sans-serif" color="#57606a">${escapeHtml(repository)}, ${formatMoment(Date.parse(at))}</font></p>`,
    '</body></html>',
  ].join('\n')
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}

/** For text and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

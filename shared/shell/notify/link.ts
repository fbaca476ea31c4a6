import type { Notice } from '#shared/domain/notify/notice.ts';
import type { Channel, Notify } from '#shared/domain/policy-notify.ts';
import type { OutgoingNotice } from '#shared/ports.ts';

/** Where the console shows what a notice is about; null where nobody has said where the console is. */
export function linkTo({ consoleUrl }: Notify, { incidentId }: Notice): string | null {
  if (consoleUrl === undefined) return null;
  const base = siteOf(consoleUrl);
  return incidentId === null ? `${base}/console/` : `${base}/console/incidents/${incidentId}`;
}

const siteOf = (consoleUrl: string): string => consoleUrl.replace(/\/+$/, '').replace(/\/console$/, '');

/** What the reader of this channel can approve by a link; null where the channel is nobody's, or nothing is to be approved. */
export function approvalFor(
  { consoleUrl, approvals }: Notify,
  channel: Channel,
  { id: notice, ask, incidentId, host }: Notice,
  queuedAtMs: number,
): OutgoingNotice['approve'] {
  if (approvals === undefined || consoleUrl === undefined || ask === null || incidentId === null || host === null)
    return null;
  if (!('person' in channel) || channel.person === undefined) return null;
  const { act, hostKey, gates } = ask;
  const { person } = channel;
  // The same for each repeat of the notice: it is one link.
  const expiresAtMs = queuedAtMs + approvals.validSeconds * 1000;
  const approval = { act, incidentId, hostKey, host, gates: [...gates], person, expiresAtMs, notice };
  return { approval, key: approvals.key, base: siteOf(consoleUrl) };
}

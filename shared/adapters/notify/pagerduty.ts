import type { Secrets, Told } from '#shared/ports.ts';
import { postJson } from './http.ts';
import { fieldOf } from './secret.ts';
import type { ShownNotice } from './shown.ts';

const ACTION = { open: 'trigger', acknowledged: 'acknowledge', over: 'resolve' } as const;

/**
 * PagerDuty's Events API v2. All notices of one incident have one `dedup_key`: they are one alert there, which its end
 * resolves, and a repeat of any changes nothing. It is acknowledged once a person has told salvor what to do.
 */
export async function tellPagerDuty(
  secrets: Secrets,
  { credentials, url }: { readonly credentials: string; readonly url: string },
  notice: ShownNotice,
): Promise<Told> {
  const routingKey = await fieldOf(secrets, credentials, 'routingKey');
  const event = JSON.stringify({ routing_key: routingKey, ...pagerDutyEvent(notice) });
  return postJson('PagerDuty', new URL(url), event, { secrets: [routingKey] });
}

function pagerDutyEvent(notice: ShownNotice) {
  const { id, thread, state, severity, kind, title, body, host, segment, atMs, link } = notice;
  const common = { event_action: ACTION[state], dedup_key: `salvor/${thread}` };
  if (state !== 'open') return common;
  return {
    ...common,
    client: 'salvor',
    ...(link === null ? {} : { client_url: link, links: [{ href: link, text: 'Open in the console' }] }),
    payload: {
      summary: title,
      source: host ?? 'salvor',
      severity,
      timestamp: new Date(atMs).toISOString(),
      component: 'nova-compute',
      ...(segment === null ? {} : { group: segment }),
      class: kind,
      custom_details: { says: body, notice: id },
    },
  };
}

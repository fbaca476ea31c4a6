import * as z from 'zod';
import type { HostEvent } from '#events/host-event.ts';
import { eventOf, hostName, MAX_ITEMS, meant, type SourceContext, seenFiring, timeOf } from './source.ts';

/** The alert of Alertmanager's webhook, which Grafana has taken over. Unknown keys are let be. */
const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).nullish(),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }).nullish(),
  fingerprint: z.string().min(1).max(128),
});

export const alerts = z.array(alert).max(MAX_ITEMS);
type Alert = z.infer<typeof alert>;

/** Labels that name the host, the surest first. */
const HOST_LABELS = ['hostname', 'host', 'node', 'instance'];
/** Names that mean a dead host wherever they stand; for others there is the option `alerts` or the label `salvor`. */
const HOST_ALERTS = ['HostDown', 'NodeDown', 'ComputeHostDown'];
const LABEL = 'salvor';
/** Grafana's own: the rule could not be evaluated. They carry the rule's labels. */
const NO_WORD = ['DatasourceNoData', 'DatasourceError'];

/**
 * An alert is about a dead host by its label `salvor: host.down`, by its name, or because the operator has named it:
 * a receiver gets whatever is routed to it, and a full disk must not have its host powered off.
 */
export function alertSays(each: Alert, source: string, { nowMs, query }: SourceContext): HostEvent | string {
  const { labels, annotations, status, fingerprint } = each;
  const name = labels.alertname ?? 'without a name';
  if (NO_WORD.includes(name)) return `alert ${name}: the rule was not evaluated`;
  const chosen = labels[LABEL] === undefined ? meant(name, query.alerts, HOST_ALERTS) : labels[LABEL] === 'host.down';
  if (!chosen) return `alert ${name} is not one that means a dead host: query option alerts, or label ${LABEL}`;
  const host = HOST_LABELS.map((label) => hostName(labels[label])).find((found) => found !== undefined);
  if (host === undefined) return `alert ${name} has no label ${HOST_LABELS.join(', ')}`;
  const about = annotations?.summary ?? annotations?.description;
  const told = about === undefined ? name : `${name}: ${about}`;
  if (status === 'firing') {
    const timeMs = seenFiring(timeOf(each.startsAt), nowMs);
    return eventOf({ type: 'host.down', id: `${fingerprint}/firing/${timeMs}`, source, host, timeMs, reason: told });
  }
  if (query.resolved === 'ignored') return `alert ${name} is resolved: query option resolved`;
  // Without an end it has just ended.
  const endMs = each.endsAt == null ? nowMs : timeOf(each.endsAt);
  const id = `${fingerprint}/resolved/${endMs}`;
  return eventOf({ type: 'host.up', id, source, host, timeMs: endMs, reason: `resolved: ${told}` });
}

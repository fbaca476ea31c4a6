import * as z from 'zod';
import { eventOf, hostName, type Mapper, minuteOf, read } from './source.ts';

/** https://docs.openstack.org/aodh/latest/admin/telemetry-alarms.html, "HTTP callback" */
const notification = z.object({
  alarm_id: z.string().min(1).max(128),
  alarm_name: z.string().max(1024),
  previous: z.string().max(64),
  current: z.enum(['alarm', 'ok', 'insufficient data']),
  reason: z.string().nullish(),
  reason_data: z.unknown(),
});

/** An event alarm carries the event: traits are [name, type, value]. */
const eventReason = z.object({
  event: z.object({ traits: z.array(z.tuple([z.string(), z.unknown(), z.unknown()])).max(1000) }),
});
const HOST_TRAITS = ['hostname', 'host'];

/** Whoever made the alarm has given it this URL, and so has said what it means. It does not say when it was seen. */
export const aodh: Mapper = (body, { nowMs, query }) => {
  const told = read(notification, body, 'an alarm notification of Aodh');
  const { alarm_id, alarm_name, previous, current, reason } = told;
  if (current === 'insufficient data') return { events: [], ignored: [`alarm ${alarm_id}: insufficient data`] };
  const host = hostName(query.host) ?? hostOf(told.reason_data);
  if (host === undefined)
    return { events: [], ignored: [`alarm ${alarm_id} names no host: query option host, or a trait of its event`] };
  const event = eventOf({
    type: current === 'alarm' ? 'host.down' : 'host.up',
    // With `repeat_actions` it is said again at each evaluation; retries come within seconds.
    id: `${alarm_id}/${previous}-${current}/${minuteOf(nowMs)}`,
    source: '/aodh',
    host,
    timeMs: nowMs,
    reason: `${alarm_name}: ${reason ?? current}`,
  });
  return { events: [event], ignored: [] };
};

function hostOf(reasonData: unknown): string | undefined {
  const parsed = eventReason.safeParse(reasonData);
  if (!parsed.success) return undefined;
  const { traits } = parsed.data.event;
  const values = HOST_TRAITS.map((wanted) => traits.find(([name]) => name === wanted)?.[2]);
  return values.map((value) => (typeof value === 'string' ? hostName(value) : undefined)).find((host) => host);
}

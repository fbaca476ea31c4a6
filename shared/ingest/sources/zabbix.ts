import * as z from 'zod';
import { eventOf, hostName, type Mapper, meant, minuteOf, read } from './source.ts';

const value = z.union([z.string().max(2048), z.number(), z.boolean(), z.null()]);
const notification = z.record(z.string().max(255), z.unknown());

/** Triggers of Zabbix's own templates that mean a dead host; for others there is the option `triggers`. */
const HOST_TRIGGERS = ['*Unavailable by ICMP ping*', '*agent is not available*'];

/**
 * The body is the user's own. Two forms are common: the macros' names as keys (`TRIGGER.VALUE`, `HOST.HOST`), and
 * those of Zabbix's webhook scripts (`event_value`, `host_name`). It is not told in which time zone `EVENT.TIME` is.
 */
export const zabbix: Mapper = (body, { nowMs, query }) => {
  const told = read(notification, body, 'an object of Zabbix macros');
  const get = (...keys: readonly string[]) => keys.map((key) => textOf(told[key])).find((each) => each !== undefined);
  const id = read(
    z.string({ error: 'EVENT.ID (or event_id) is missing' }).max(64),
    get('EVENT.ID', 'event_id'),
    'of Zabbix',
  );
  const nothing = (why: string) => ({ events: [], ignored: [`event ${id} ${why}`] });

  if (get('EVENT.UPDATE.STATUS', 'event_update_status') === '1') return nothing('was updated by a person');
  const host = hostName(get('HOST.HOST', 'host_host', 'host_name', 'HOST.NAME'));
  if (host === undefined) return nothing('names no host: send HOST.HOST in the recovery too');
  const says = get('TRIGGER.VALUE', 'EVENT.VALUE', 'event_value', 'trigger_value');
  if (says !== '0' && says !== '1')
    return nothing('does not say whether it is a problem: TRIGGER.VALUE, or event_value');
  const trigger = get('TRIGGER.NAME', 'EVENT.NAME', 'trigger_name', 'event_name', 'alert_subject') ?? 'without a name';
  if (!meant(trigger, query.triggers, HOST_TRIGGERS))
    return nothing(`is of trigger ${trigger}, not one that means a dead host: query option triggers`);
  const down = says === '1';
  const event = eventOf({
    type: down ? 'host.down' : 'host.up',
    // An escalation repeats its steps under one EVENT.ID.
    id: `${id}/${says}/${minuteOf(nowMs)}`,
    source: '/zabbix',
    host,
    timeMs: nowMs,
    reason: down ? trigger : `resolved: ${trigger}`,
  });
  return { events: [event], ignored: [] };
};

/** A macro that could not be expanded says nothing. */
function textOf(told: unknown): string | undefined {
  const parsed = value.safeParse(told);
  if (!parsed.success || parsed.data === null) return undefined;
  const text = String(parsed.data).trim();
  return text === '' || /^\{.*\}$|^\*UNKNOWN\*$/.test(text) ? undefined : text;
}

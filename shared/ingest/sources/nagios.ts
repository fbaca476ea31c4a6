import * as z from 'zod';
import { eventOf, hostName, type Mapper, read } from './source.ts';

const notification = z.record(z.string().max(255), z.unknown());
const needed = z.object({ HOSTNAME: z.string().min(1).max(255), HOSTSTATE: z.string().max(32) });

/** Notifications that say a state; the others tell of acknowledgements, flapping, downtimes. */
const STATE_NOTIFICATIONS = ['', 'PROBLEM', 'RECOVERY'];

/**
 * The macros of an event handler or notification command of Nagios, Naemon or Icinga, as `agents/nagios-handler.sh`
 * posts them. Only hard states count: a soft one is checked again by the program itself.
 */
export const nagios: Mapper = (body, { nowMs }) => {
  const macros = macrosOf(read(notification, body, 'an object of Nagios macros'));
  const { HOSTNAME, HOSTSTATE } = read(needed, macros, 'the macros of a host');
  const get = (name: string) => macros[name] ?? '';
  const host = hostName(HOSTNAME);
  const nothing = (why: string) => ({ events: [], ignored: [`host ${HOSTNAME}: ${why}`] });
  if (host === undefined) return nothing('it has no name');
  if (!STATE_NOTIFICATIONS.includes(get('NOTIFICATIONTYPE')))
    return nothing(`a ${get('NOTIFICATIONTYPE')} says no state`);
  const service = get('SERVICEDESC');
  const [kind, state] = service === '' ? ['HOST', HOSTSTATE] : ['SERVICE', get('SERVICESTATE')];
  if (get(`${kind}STATETYPE`) !== 'HARD') return nothing(`${state} is not hard yet`);
  const type = typeOf(kind, state);
  if (type === undefined) return nothing(`${kind.toLowerCase()} state ${state} says nothing of whether it runs`);
  if (!type.endsWith('.up') && Number(get('HOSTDOWNTIME')) > 0) return nothing('it is in a scheduled downtime');
  const seconds = Number(get('TIMET'));
  const event = eventOf({
    type,
    id: [host, service, state, get(`${kind}EVENTID`), get(`${kind}NOTIFICATIONNUMBER`), get('TIMET')].join('/'),
    source: '/nagios',
    host,
    timeMs: get('TIMET') !== '' && Number.isSafeInteger(seconds) ? seconds * 1000 : nowMs,
    reason: `${service === '' ? '' : `${service}: `}${state}: ${get(`${kind}OUTPUT`)}`,
    ...(kind === 'SERVICE' ? { process: service.slice(0, 255) } : {}),
  });
  return { events: [event], ignored: [] };
};

/** UNREACHABLE is a host behind a dead router: nothing is known of it. */
function typeOf(kind: string, state: string): 'host.down' | 'host.up' | 'process.down' | 'process.up' | undefined {
  if (kind === 'SERVICE') return state === 'CRITICAL' ? 'process.down' : state === 'OK' ? 'process.up' : undefined;
  return state === 'DOWN' ? 'host.down' : state === 'UP' ? 'host.up' : undefined;
}

/** Without the prefix of the environment variable, which differs between the programs. A macro that is not set is `$`. */
function macrosOf(told: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const macros: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(told))
    if ((typeof value === 'string' && value !== '$') || typeof value === 'number')
      macros[key.replace(/^(NAGIOS|ICINGA)_/, '')] = String(value);
  return macros;
}

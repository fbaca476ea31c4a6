import type { HostEvent } from '#events/host-event.ts';
import { PermanentError } from '#shared/errors.ts';
import { eventOf, minuteOf, type SourceContext } from './source.ts';

/** The last list of one Consul; hosts are watched by one per network, or by one alone, whose name is ''. */
export interface Network {
  readonly atMs: number;
  /** Consul's own, 0 when it was not told. */
  readonly index: number;
  /** Hosts that are critical, with the index at which they became it. */
  readonly critical: Readonly<Record<string, number>>;
}

/** What one reporter's watches have told, and what was said of it. */
export interface ConsulSeen {
  readonly networks: Readonly<Record<string, Network>>;
  /** Hosts said to be down and not up since, with when that was last said, in Unix ms. */
  readonly declared: Readonly<Record<string, number>>;
  /** Of those, the ones that the catalog no longer has: absence from a list of checks says nothing of them. */
  readonly left: readonly string[];
}

export const NOTHING_SEEN: ConsulSeen = { networks: {}, declared: {}, left: [] };

/** Masakari's matrix of networks, as it is by default: a recovery whenever storage is down, whatever the others say. */
const DEFAULT_DOWN = 'storage';
/** What another network has told counts this long: its watch may have ended. */
const NETWORK_COUNTS_MS = 900_000;
/** A down is said again at most this often, and an up is waited for this long. */
const SAY_AGAIN_MS = 60_000;
const WAIT_FOR_UP_MS = 86_400_000;
const MAX_DECLARED = 1000;
const MAX_NETWORKS = 8;
/** Well below what an item of the state holds: it is told before anything is said, not after. */
const MAX_BYTES = 350_000;
const SOURCE = '/consul';

interface Declared {
  readonly events: readonly HostEvent[];
  readonly seen: ConsulSeen;
}

/**
 * @param present says of a host that is not critical whether the list shows it alive
 * @throws PermanentError when the option `down` is not one, or too much is critical.
 */
export function declare(
  before: ConsulSeen,
  name: string,
  network: Network,
  present: (host: string) => boolean,
  { nowMs, query }: SourceContext,
): Declared {
  const networks = { ...before.networks, [name]: network };
  if (Object.keys(networks).length > MAX_NETWORKS) throw new PermanentError(`more than ${MAX_NETWORKS} networks`);
  const fresh = Object.entries(networks).filter(([, each]) => nowMs - each.atMs < NETWORK_COUNTS_MS);
  const criticalOn = (host: string) => fresh.filter(([, each]) => Object.hasOwn(each.critical, host));
  const ways = query.network === undefined ? [['']] : waysOf(query.down ?? DEFAULT_DOWN);
  const isDown = (host: string) => {
    const on = criticalOn(host).map(([each]) => each);
    return ways.some((way) => way.every((each) => on.includes(each)));
  };

  const events: HostEvent[] = [];
  const declared: Record<string, number> = Object.create(null);
  const hosts = new Set([...fresh.flatMap(([, each]) => Object.keys(each.critical)), ...Object.keys(before.declared)]);
  for (const host of hosts) {
    const saidMs = Object.hasOwn(before.declared, host) ? before.declared[host] : undefined;
    const on = criticalOn(host);
    if (isDown(host)) {
      const again = saidMs === undefined || nowMs - saidMs >= SAY_AGAIN_MS;
      declared[host] = again ? nowMs : saidMs;
      if (again) events.push(downEvent(host, on, nowMs));
    } else if (saidMs !== undefined) {
      if (on.length === 0 && present(host)) events.push(upEvent(host, saidMs, nowMs));
      else if (nowMs - saidMs < WAIT_FOR_UP_MS) declared[host] = saidMs;
    }
  }
  if (Object.keys(declared).length > MAX_DECLARED)
    throw new PermanentError(`more than ${MAX_DECLARED} hosts are down: more than one salvor looks after`);
  const left = before.left.filter((host) => Object.hasOwn(declared, host));
  const seen: ConsulSeen = { networks, declared, left };
  const bytes = Buffer.byteLength(JSON.stringify(seen));
  if (bytes > MAX_BYTES)
    throw new PermanentError(`what is critical takes ${bytes} bytes; at most ${MAX_BYTES} are kept`);
  return { events, seen };
}

function downEvent(host: string, on: readonly (readonly [string, Network])[], nowMs: number): HostEvent {
  const index = Math.max(0, ...on.map(([, { critical }]) => critical[host] ?? 0));
  const where = on.map(([name]) => name).filter((name) => name !== '');
  const reason = where.length === 0 ? 'its checks are critical' : `its checks are critical on ${where.join(', ')}`;
  const id = `${host}/down/${index}/${minuteOf(nowMs)}`;
  return eventOf({ type: 'host.down', id, source: SOURCE, host, timeMs: nowMs, reason });
}

const upEvent = (host: string, saidMs: number, nowMs: number): HostEvent =>
  eventOf({
    type: 'host.up',
    id: `${host}/up/${saidMs}`,
    source: SOURCE,
    host,
    timeMs: nowMs,
    reason: 'its checks are not critical any more',
  });

/** `storage|manage,tenant`: down when storage is, or when both others are. */
function waysOf(option: string): readonly (readonly string[])[] {
  const ways = option.split('|').map((way) => way.split(',').map((each) => each.trim()));
  if (ways.some((way) => way.includes(''))) throw new PermanentError('query option down names no network');
  return ways;
}

import type { OutsideRequest } from '../engine/log.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';

/** Why the policy keeps the host for failures; empty: it does not. */
const reasonsToKeep = ({ world, policy }: Scene['simulation'], host: string): readonly string[] =>
  policy.segments.flatMap(({ destinations: { reservedHosts: reserved, reservedReason } }) => {
    if (reserved === undefined) return [];
    const named =
      'names' in reserved
        ? reserved.names.includes(host)
        : world.aggregates.some(({ name, hosts }) => name === reserved.aggregate && hosts.includes(host));
    return named ? [reservedReason] : [];
  });

/** The functions that enable and disable services on another ground: the way back, planned work, processes. */
const OTHERS: ReadonlySet<string> = new Set(['return-host', 'maintain-host', 'recover-process']);

/** What the caretaker does to a host that has failed. */
const GIVING_BACK: ReadonlySet<string> = new Set(['repairs the host', 'gives the host back']);

/** Reserved hosts are enabled only where the policy names them and they wait for it, and given back when nothing came to them. */
export function reservedHostsRest({ simulation, returns, incidents }: Scene): Check {
  const { world } = simulation;
  /** Enabled by salvor, since when, and not given back. */
  const enabled = new Map<string, number>();
  const lastServerMs = new Map<string, number>();

  function whenAsked(request: OutsideRequest, nowMs: number): string | undefined {
    const { act, host: name } = request;
    const host = world.hosts.get(name);
    // What others change of a service is judged by s6-give-back.ts.
    if (host === undefined || OTHERS.has(returns.askerOf(request) ?? '')) return undefined;
    if (act === 'enable') {
      const reasons = reasonsToKeep(simulation, name);
      if (reasons.length === 0) return `${name} is enabled, which is not kept for failures`;
      if (host.disabled && !reasons.some((reason) => host.disabledReason?.includes(reason) === true))
        return `${name} is enabled, which is disabled for another reason: ${host.disabledReason}`;
      enabled.set(name, nowMs);
    }
    if (act === 'disable') {
      if (!enabled.has(name)) return `${name} is disabled, and salvor did not enable it`;
      const [server] = world.serversOn(name);
      const sinceMs = lastServerMs.get(name) ?? nowMs;
      if (server !== undefined && sinceMs < nowMs - KNOWN_WITHIN_MS.host)
        return `${name} is taken out of service, and holds ${server.name}`;
    }
    return undefined;
  }

  return {
    id: 'S6',
    sentence: 'a reserved host is enabled when it is needed, and given back when it was not',
    see: (happening) => {
      for (const { type, fact } of factsOf(happening)) {
        const isDone = fact.act === 'disable' ? fact.answer !== 'unknown' : fact.answer === 'refused';
        const isOver = type === 'reserved-host-left' || (type === 'reserved-host-answered' && isDone);
        if (isOver) enabled.delete(String(fact.host));
      }
      // From then on it is theirs, if it has failed meanwhile. Who undoes what he did himself a moment ago may not be seen.
      if (happening.kind === 'person' && GIVING_BACK.has(happening.act))
        if (incidents.openedAtMs(happening.host) >= (enabled.get(happening.host) ?? 0)) enabled.delete(happening.host);
      for (const name of enabled.keys()) {
        if (world.serversOn(name).length === 0) lastServerMs.delete(name);
        else if (!lastServerMs.has(name)) lastServerMs.set(name, happening.atMs);
      }
      return happening.kind === 'asked' ? whenAsked(happening.request, happening.atMs) : undefined;
    },
    atEnd: (waiting) =>
      [...enabled.keys()]
        .filter((name) => !waiting.includes(name) && world.serversOn(name).length === 0)
        .filter((name) => world.hosts.get(name)?.disabled === false)
        .map((name) => `the reserved host ${name} is enabled still, and nothing has come to it`),
  };
}

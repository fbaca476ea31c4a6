import type { StateWrite } from '#shared/ports.ts';
import { isAlive } from '../actions.ts';
import type { DatedHappening } from '../engine/log.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { type CommittedFact, factsOf, instanceOf } from './intents.ts';
import { mustBeLeft } from './protection.ts';

/** What is held is looked at each 10 s, and each minute by sweep. */
const LOOKED_AT_MS = 200_000;
/** A dead host is reported each minute: in this time salvor must have taken it up. */
const TAKEN_UP_MS = 300_000;

/** Once faults stop, every incident ends, and every protected instance of its host has an outcome. */
export function everythingEnds({ simulation, incidents, switches, segmentsOf }: Scene): Check {
  const { world, states, store } = simulation;
  let calmSinceMs = Number.POSITIVE_INFINITY;
  const deadSinceMs = new Map<string, number>();
  /** When an incident of each host was last open. */
  const openAtMs = new Map<string, number>();
  /** When each host was last asked about while it may have been held. */
  const lookedAtMs = new Map<string, number>();

  function seeClosing(writes: readonly StateWrite[], atMs: number): string | undefined {
    for (const write of writes) {
      if (write.kind !== 'put' || write.partition !== 'incidents') continue;
      const { id, host, closedAtMs, outcome } = write.body as unknown as {
        readonly id: string;
        readonly host: string;
        readonly closedAtMs: number | null;
        readonly outcome: string | null;
      };
      openAtMs.set(host, atMs);
      if (closedAtMs === null || (outcome !== 'recovered' && outcome !== 'partly-recovered')) continue;
      const missing = withoutOutcome(id, host, atMs);
      if (missing !== undefined) return `incident of ${host} was closed, and ${missing} has no outcome`;
    }
    return undefined;
  }

  function withoutOutcome(incidentId: string, host: string, atMs: number): string | undefined {
    const segment = segmentsOf(host)[0];
    if (segment === undefined) return undefined;
    return world
      .serversOn(host)
      .filter((server) => server.createdMs < atMs - KNOWN_WITHIN_MS.host && !mustBeLeft(world, server, segment))
      .find(({ id }) => {
        const progress = store.get({ partition: `tasks#${incidentId}`, sort: id })?.body.progress;
        return (progress as { readonly status?: string } | undefined)?.status !== 'ended';
      })?.name;
  }

  function lost(nowMs: number): string | undefined {
    for (const host of world.hosts.values()) {
      if (isAlive(host) || segmentsOf(host.name).length !== 1) {
        deadSinceMs.delete(host.name);
        continue;
      }
      const isInHand = states.returningOf(host.name) !== null || states.isInMaintenance(host.name);
      if (states.incidentOf(host.name) !== 'none' || isInHand) openAtMs.set(host.name, nowMs);
      const since = deadSinceMs.get(host.name) ?? nowMs;
      deadSinceMs.set(host.name, since);
      if (switches.isDismissedSince(host.name, since)) continue;
      const known = Math.max(since, calmSinceMs, openAtMs.get(host.name) ?? 0);
      if (nowMs - known > TAKEN_UP_MS) return `${host.name} is dead, and nobody does anything about it`;
    }
    return undefined;
  }

  function forgotten(nowMs: number): string | undefined {
    return [...world.hosts.keys()]
      .filter((name) => states.incidentOf(name) === 'held')
      .filter((name) => nowMs - Math.max(calmSinceMs, lookedAtMs.get(name) ?? nowMs) > LOOKED_AT_MS)
      .map((name) => `${name} is held, and nobody asks whether it still must be`)[0];
  }

  /** What is said of an instance at its end must be true of it then. */
  function untrue({ type, stream, fact }: CommittedFact, atMs: number): string | undefined {
    const server = type === 'task-ended' ? world.servers.get(instanceOf(stream)) : undefined;
    if (server === undefined) return undefined;
    const isHere = server.host === incidents.hostOf(stream);
    if (isHere && (fact.outcome === 'recovered' || fact.outcome === 'gone'))
      return `${server.name} is said to be ${fact.outcome}, and is still on ${server.host}`;
    const underWay = server.evacuation !== null && server.evacuation.migration.createdMs < atMs - KNOWN_WITHIN_MS.grant;
    return isHere && underWay && fact.outcome === 'not-recoverable'
      ? `${server.name} is said to be not recoverable, and its evacuation is under way`
      : undefined;
  }

  function seeCommit(happening: Extract<DatedHappening, { kind: 'committed' }>): string | undefined {
    for (const fact of factsOf(happening)) {
      // Held by the step that would have fenced it: nobody can have asked before.
      if (fact.type === 'held') lookedAtMs.set(incidents.hostOf(fact.stream) ?? '', happening.atMs);
      const broken = untrue(fact, happening.atMs);
      if (broken !== undefined) return broken;
    }
    return seeClosing(happening.writes, happening.atMs);
  }

  return {
    id: 'L1',
    sentence: 'once faults stop, every incident ends and every protected instance has an outcome',
    see: (happening) => {
      if (happening.kind === 'calm') calmSinceMs = happening.atMs;
      if (happening.kind === 'began' && happening.name === 'confirm-host-down')
        for (const host of happening.hosts) lookedAtMs.set(host, happening.atMs);
      if (happening.kind === 'committed') return seeCommit(happening);
      return happening.kind === 'acknowledged' ? (lost(happening.atMs) ?? forgotten(happening.atMs)) : undefined;
    },
    atEnd: (waiting) =>
      [...world.hosts.keys()]
        .filter((name) => !waiting.includes(name) && states.incidentOf(name) !== 'none')
        .map((name) => `the incident of ${name} is still ${states.incidentOf(name)}`),
  };
}

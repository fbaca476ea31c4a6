import type { SimServer } from '#sim/world/types.ts';
import { isAlive } from '../actions.ts';
import type { DatedHappening } from '../engine/log.ts';
import { fitOn, owedTo } from '../owed.ts';
import type { Check, Scene } from './check.ts';
import { Hindrances } from './hindrances.ts';

const LOOK_MS = 5_000;
/**
 * A dead host is reported each minute, held ones are looked at each 10 s, what got lost is found by sweep, and a request
 * of unknown fate is settled after two minutes: in this time salvor must have got further, with nothing in its way.
 */
const DONE_WITHIN_MS = 420_000;
/** From the end of an evacuation to the start of its guest; Nova moves the instance last. */
const RUNS_WITHIN_MS = 60_000;

/**
 * In the calm a dead host is fenced and what is fit on it runs elsewhere: judged by the cloud alone, and long before a
 * person repairs the host. Gates hold it for as long as they are shut by the world's own numbers; then it goes on by
 * itself.
 */
export function whatIsOwedIsDone(scene: Scene): Check {
  const { simulation, segmentsOf } = scene;
  const { world } = simulation;
  const hindrances = new Hindrances(scene);
  let calm = false;
  let lookAgainMs = 0;
  const deadSinceMs = new Map<string, number>();
  /** Since when nothing stands in the way of what each host is owed. */
  const owedSinceMs = new Map<string, number>();
  /** Instances that ran when their host died, as they were seen on it; those that were reset come back stopped. */
  const ran = new Map<string, string>();
  const reset = new Set<string>();
  const stillSinceMs = new Map<string, number>();

  function lookAtHosts(nowMs: number): string | undefined {
    for (const host of world.hosts.values()) {
      const [segment] = segmentsOf(host.name);
      if (isAlive(host)) deadSinceMs.delete(host.name);
      else if (!deadSinceMs.has(host.name)) deadSinceMs.set(host.name, nowMs);
      const owed = calm ? owedTo(simulation, host) : undefined;
      const diedMs = deadSinceMs.get(host.name) ?? nowMs;
      if (
        owed === undefined ||
        segment === undefined ||
        hindrances.of(host.name, segment, diedMs, nowMs) !== undefined
      ) {
        owedSinceMs.delete(host.name);
        continue;
      }
      for (const { id, vmState } of fitOn(simulation, host, segment)) if (vmState === 'active') ran.set(id, host.name);
      const since = owedSinceMs.get(host.name) ?? nowMs;
      owedSinceMs.set(host.name, since);
      if (nowMs - since > DONE_WITHIN_MS)
        return `${host.name} is dead and ${owed}, and nothing has stood in the way for ${DONE_WITHIN_MS / 1000} s`;
    }
    return undefined;
  }

  /** Brought away is not enough: it must run where Nova says that it is. */
  function lookAtGuests(nowMs: number): string | undefined {
    for (const [id, from] of ran) {
      const server = world.servers.get(id);
      if (server === undefined || reset.has(id) || !isStill(server, from)) {
        stillSinceMs.delete(id);
        if (server === undefined || reset.has(id)) ran.delete(id);
        continue;
      }
      const since = stillSinceMs.get(id) ?? nowMs;
      stillSinceMs.set(id, since);
      if (nowMs - since > RUNS_WITHIN_MS) return `${server.name} ran on ${from}, and does not on ${server.host}`;
    }
    return undefined;
  }

  /** It is on another host that lives, nobody works on it, and it does not run. */
  function isStill({ id, host: name, evacuation, taskState }: SimServer, from: string): boolean {
    const host = world.hosts.get(name ?? '');
    const isThere = host !== undefined && host.name !== from && isAlive(host);
    return isThere && evacuation === null && taskState === null && !host.guests.has(id);
  }

  function see(happening: DatedHappening): string | undefined {
    hindrances.follow(happening);
    if (happening.kind === 'calm') calm = true;
    if (happening.kind === 'arrived' && happening.request.act === 'reset-state')
      reset.add(happening.request.instanceId ?? '');
    if (happening.atMs < lookAgainMs) return undefined;
    lookAgainMs = happening.atMs + LOOK_MS;
    return lookAtHosts(happening.atMs) ?? lookAtGuests(happening.atMs);
  }

  return { id: 'L1', sentence: 'once faults stop, dead hosts are fenced and what is fit on them runs elsewhere', see };
}

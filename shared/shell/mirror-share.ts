import { capacityOf } from '#shared/domain/forecast/capacity.ts';
import { mirrored } from '#shared/domain/forecast/mirrored.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { cameTo, shareOf } from '#shared/domain/rounds.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Compute, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { capacityWrites, type KnownCapacity, loadCapacity } from '#shared/state/capacity.ts';
import {
  cloudPartWrites,
  forgetWrites,
  hostPartWrites,
  loadCloudParts,
  loadHostParts,
} from '#shared/state/forecast.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { loadRound, roundWrite } from '#shared/state/rounds.ts';
import { loadTaken, loadView } from './forecast-view.ts';
import { readForForecast } from './read-beside.ts';
import { readSignsAndSnapshots } from './read-signs.ts';

const ROUND = 'mirror-instances';
/** Each may be as large as half an item, and a transaction holds ten items' worth. */
const WRITES_AT_ONCE = 15;

export interface MirroredShare {
  /** How many hosts' instances were listed. */
  readonly hosts: number;
  readonly capacity: readonly KnownCapacity[];
}

/**
 * Lists the instances of the hosts whose turn it is, and keeps what has changed; at the beginning of a round what the cloud
 * has beside them, and at its end what each segment would survive.
 * @param untilMs from then on no host is listed any more, in Unix ms
 * @throws as the reads of the port `Compute`, and as the store
 */
export async function mirrorShare(services: Services, untilMs: number): Promise<MirroredShare> {
  const { state, policy, clock, compute, log } = services;
  const { cloud: region, forecast } = policy;
  const [inventory, round] = await Promise.all([
    loadInventory(state, region.name, region.region),
    loadRound(state, ROUND, region),
  ]);
  const segments = new Map(policy.segments.map((segment) => [segment.name, segment]));
  const held = new Map<string, Segment>();
  for (const { value } of inventory) {
    const segment = segments.get(value.segment ?? '');
    if (segment !== undefined) held.set(value.host, segment);
  }
  const names = [...held.keys()];
  const share = shareOf(names, round?.value, forecast.everySeconds, clock.now());
  if (share.round.after === null && share.hosts.length > 0) await mirrorCloud(services);

  const once = readOnce(compute);
  const done = new Set<string>();
  const failures: unknown[] = [];
  const left = share.hosts.values();
  async function listOn(): Promise<void> {
    // All of them take from one iterator.
    for (const host of left) {
      if (clock.now() >= untilMs) return;
      await mirrorHost({ ...services, compute: once }, host, held.get(host) as Segment).catch((error: unknown) => {
        // One that can't be listed keeps nobody from the others, and has its turn again in the next round.
        failures.push(error);
        log.warn('the instances of a host can not be listed', { host, error: messageOf(error) });
      });
      done.add(host);
    }
  }
  await Promise.all(Array.from({ length: forecast.atOnce }, listOn));
  if (failures.length > 0 && failures.length === done.size) throw failures[0];
  const next = cameTo(share, done, names, clock.now());
  const isWhole = share.hosts.length > 0 && names.every((name) => next.after !== null && name <= next.after);
  if (isWhole) await judge(services, held);
  if (share.hosts.length > 0) await commit(services, [roundWrite(ROUND, region, round, next)]);
  return {
    hosts: done.size - failures.length,
    capacity: (await loadCapacity(state, region)).map(({ value }) => value),
  };
}

async function mirrorHost(services: Services, host: string, segment: Segment): Promise<void> {
  const { state, policy, compute, clock } = services;
  const [servers, before] = await Promise.all([compute.serversOn(host), loadHostParts(state, policy.cloud, host)]);
  const [signs, seen] = await Promise.all([
    readSignsAndSnapshots(compute, host, servers, segment.instances, clock.now()),
    readForForecast(compute, host, servers),
  ]);
  const kept = seen.servers.map((server) => mirrored(server, signs.get(server.id), segment));
  await commit(services, hostPartWrites(policy.cloud, host, before, { servers: kept, unread: seen.unread }));
}

async function mirrorCloud(services: Services): Promise<void> {
  const { state, policy, compute } = services;
  const [before, hypervisors, aggregates, groups] = await Promise.all([
    loadCloudParts(state, policy.cloud),
    compute.hypervisors(),
    compute.aggregates(),
    compute.serverGroups(),
  ]);
  const inUse = groups.filter(({ members }) => members.length > 0);
  await commit(services, cloudPartWrites(policy.cloud, before, { hypervisors, aggregates, groups: inUse }));
}

/** At the end of a round everything is known that there is to know. */
async function judge(services: Services, held: ReadonlyMap<string, Segment>): Promise<void> {
  const { state, policy, clock } = services;
  const { cloud: region } = policy;
  const [view, known, taken] = await Promise.all([
    loadView(state, region),
    loadCapacity(state, region),
    loadTaken(state, region),
  ]);
  for (const host of view.instances.keys())
    if (!held.has(host)) await commit(services, await forgetWrites(state, region, host));
  await commit(services, capacityWrites(region, known, capacityOf(view, taken, policy), clock.now()));
}

/**
 * Images and aggregates are the same for many hosts: each is read once in a run. A Neutron that does not answer is not waited
 * for again in it.
 */
function readOnce(compute: Compute): Compute {
  let noPorts: { readonly error: unknown } | undefined;
  const images = new Map<string, ReturnType<Compute['image']>>();
  let aggregates: ReturnType<Compute['aggregates']> | undefined;
  return {
    ...compute,
    image: (id) => {
      const image = images.get(id) ?? compute.image(id);
      images.set(id, image);
      return image;
    },
    portsOn: async (host) => {
      if (noPorts !== undefined) throw noPorts.error;
      try {
        return await compute.portsOn(host);
      } catch (error) {
        noPorts = { error };
        throw error;
      }
    },
    aggregates: () => {
      aggregates ??= compute.aggregates();
      return aggregates;
    },
  };
}

/** A run that is as new was faster: the next one finds what is left. */
async function commit({ state }: Services, writes: readonly StateWrite[]): Promise<void> {
  for (let start = 0; start < writes.length; start += WRITES_AT_ONCE)
    try {
      await state.transact(writes.slice(start, start + WRITES_AT_ONCE));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

import type { HostState, Incident } from '#shared/domain/host.ts';
import { type Need, needsOf } from '#shared/domain/now/needs.ts';
import { type OpenNow, openNow } from '#shared/domain/now/progress.ts';
import { type SegmentRow, segmentRows } from '#shared/domain/now/segments.ts';
import { type Tile, tileOf } from '#shared/domain/now/tile.ts';
import type { Beat } from '#shared/domain/settling.ts';
import type { Clock, StateReader } from '#shared/ports.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { loadCapacity } from '#shared/state/capacity.ts';
import { disarmedAmong, type Switched } from '#shared/state/guards.ts';
import { hostsAmong, type IncidentEntry, loadHost, MAX_DUE, readIncidents } from '#shared/state/hosts.ts';
import { INVENTORY_PARTITION_PREFIX, loadInventory } from '#shared/state/inventory.ts';
import { openOthers } from '#shared/state/open-others.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import { loadTasks } from '#shared/state/tasks.ts';

/** All that a person must know at once. Times are Unix ms. */
export interface NowView {
  readonly atMs: number;
  /** Null: `sweep` has never run. */
  readonly beat: Beat | null;
  readonly disarmed: readonly Switched[];
  readonly segments: readonly SegmentRow[];
  /** Every host of the mirror, by segment and name. */
  readonly hosts: readonly Tile[];
  /** Open incidents of hosts, the oldest first. */
  readonly incidents: readonly OpenNow[];
  /** Open incidents of single instances, and of the processes of hosts. */
  readonly others: { readonly instances: number; readonly processes: number };
  readonly needs: readonly Need[];
  /** What has ended within a day, the newest first: a few. */
  readonly ended: readonly IncidentEntry[];
}

const LATELY_MS = 86_400_000;
const ENDED_SHOWN = 5;
/** The mirror of Nova is a minute old at most; until then what salvor has done to a host is known better from itself. */
const MIRRORED_AFTER_MS = 120_000;

/**
 * Reads a handful of partitions, however many hosts there are; of hosts that are simply in service nothing but the mirror.
 * As old as the index of what is due, which may lag behind by seconds.
 */
export async function loadNow(
  state: StateReader,
  regions: readonly Region[],
  nowMs: number,
  mirror: MirrorReader = (region) => readMirror(state, region),
): Promise<NowView> {
  const [due, beat, others, lately] = await Promise.all([
    state.due(Number.MAX_SAFE_INTEGER, MAX_DUE),
    loadBeat(state),
    openOthers(state),
    readIncidents(state, nowMs - LATELY_MS),
  ]);
  const { values: open, unreadable } = hostsAmong(due);
  const ended = lately.values.filter(({ closedAtMs }) => closedAtMs !== null).sort(byEnd);
  const known = [...open, ...(await justFenced(state, ended, open, nowMs))];
  const perRegion = await Promise.all(regions.map(async (region) => regionNow(await mirror(region), region, known)));
  const hosts = perRegion
    .flatMap(({ tiles }) => tiles)
    .sort((a, b) => compare(a.segment ?? '~', b.segment ?? '~') || compare(a.host, b.host));
  const disarmed = disarmedAmong(due, nowMs).values;
  const segments = new Set(disarmed.flatMap(({ name }) => (name === 'global' ? [] : [name.segment])));
  const everything = disarmed.some(({ name }) => name === 'global');
  const incidents = await openIncidentsOf(state, open);
  return {
    atMs: nowMs,
    beat: beat?.value ?? null,
    disarmed,
    segments: segmentRows(
      hosts,
      perRegion.flatMap(({ capacity }) => capacity),
      { everything, segments },
    ),
    hosts,
    incidents,
    others: { instances: others.instance.length, processes: others.process.length },
    needs: needsOf(open, incidents, hosts, { due: unreadable.length, incidents: lately.unreadable.length }),
    ended: ended.slice(0, ENDED_SHOWN),
  };
}

const byEnd = (a: IncidentEntry, b: IncidentEntry): number => (b.closedAtMs ?? 0) - (a.closedAtMs ?? 0);

/** Hosts whose incidents have just ended: the mirror may still have them in service. */
async function justFenced(
  state: StateReader,
  ended: readonly IncidentEntry[],
  open: readonly HostState[],
  nowMs: number,
): Promise<readonly HostState[]> {
  const known = new Set(open.map(({ key }) => key));
  const just = ended.filter(
    ({ closedAtMs, hostKey }) => !known.has(hostKey) && nowMs - (closedAtMs ?? 0) < MIRRORED_AFTER_MS,
  );
  const keys = [...new Set(just.map(({ hostKey }) => hostKey))];
  const hosts = await Promise.all(keys.map(async (key) => (await loadHost(state, key))?.value));
  return hosts.filter((host) => host !== undefined).filter(({ ours }) => ours?.forcedDownAtMs !== undefined);
}

/** A cloud's region, as the mirror of Nova is kept. */
export interface Region {
  readonly name: string;
  readonly region: string;
}

/** All that the state has; there is one, but for a state that has seen several clouds. Reads the names of whole tables. */
export async function regionsOf(state: StateReader): Promise<readonly Region[]> {
  const regions: Region[] = [];
  for await (const partition of state.partitions('items')) {
    if (!partition.startsWith(INVENTORY_PARTITION_PREFIX)) continue;
    const [name = '', region = ''] = partition.slice(INVENTORY_PARTITION_PREFIX.length).split('/');
    regions.push({ name, region });
  }
  return regions;
}

/** What is kept of all hosts: of each a minute old or older. */
type Mirror = Awaited<ReturnType<typeof readMirror>>;
type MirrorReader = (region: Region) => Promise<Mirror>;

const readMirror = (state: StateReader, region: Region) =>
  Promise.all([
    loadInventory(state, region.name, region.region),
    loadReadiness(state, region),
    loadCapacity(state, region),
  ]);

/** How long a mirror is read once for all who look: what is open is read each time. */
const KEEP_MIRROR_MS = 1000;

/** For who looks several times a second at thousands of hosts. */
export function keptMirror(state: StateReader, clock: Pick<Clock, 'now'>): MirrorReader {
  const kept = new Map<string, { readonly untilMs: number; readonly mirror: Promise<Mirror> }>();
  return (region) => {
    const key = `${region.name}/${region.region}`;
    const known = kept.get(key);
    if (known !== undefined && clock.now() < known.untilMs) return known.mirror;
    const mirror = readMirror(state, region);
    kept.set(key, { untilMs: clock.now() + KEEP_MIRROR_MS, mirror });
    mirror.catch(() => kept.delete(key));
    return mirror;
  };
}

function regionNow([inventory, readiness, capacity]: Mirror, region: Region, open: readonly HostState[]) {
  const opened = new Map(open.map((host) => [host.key, host]));
  const ready = new Map(readiness.map(({ value }) => [value.hostKey, value]));
  const tiles = inventory.map(({ value }) => {
    const hostKey = `${region.name}/${region.region}/${value.serviceId}`;
    return tileOf({ ...value, hostKey }, opened.get(hostKey), ready.get(hostKey));
  });
  return { tiles, capacity: capacity.map(({ value }) => value) };
}

async function openIncidentsOf(state: StateReader, hosts: readonly HostState[]): Promise<readonly OpenNow[]> {
  const read = hosts.flatMap((host) => {
    const { incident } = host;
    return incident === null ? [] : [openOf(state, host, incident)];
  });
  return (await Promise.all(read)).sort((a, b) => a.openedAtMs - b.openedAtMs);
}

async function openOf(state: StateReader, host: HostState, incident: Incident): Promise<OpenNow> {
  const tasks = await loadTasks(state, incident.id);
  return openNow(
    host,
    incident,
    tasks.map(({ value }) => value),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

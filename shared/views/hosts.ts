import { hostKeyOf } from '#shared/domain/host.ts';
import type { ReadinessState } from '#shared/domain/readiness.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadLeases } from '#shared/state/heartbeats.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import type { Region } from './now.ts';

/** What is known of a host besides its state. Times are Unix ms. */
export interface HostRow {
  readonly host: string;
  readonly hostKey: string;
  /** The newest word of each reporter, the newest first. */
  readonly reporters: readonly { readonly name: string; readonly says: 'up' | 'down'; readonly atMs: number }[];
  /** When its newest heartbeat came that was written down; null: it sends none. One is written twice a minute or less. */
  readonly heartbeatAtMs: number | null;
  /** Null while its devices were never asked. */
  readonly fence: {
    readonly state: ReadinessState;
    readonly because: string;
    readonly sinceMs: number;
    /** When each of them was last good; null: one of them never was. */
    readonly lastGoodMs: number | null;
  } | null;
}

const AT_ONCE = 50;

/** Every host of the mirror. Reads one item for each: it is asked for now and then, not at every change. */
export async function loadHosts(state: StateReader, { name: cloud, region }: Region): Promise<readonly HostRow[]> {
  const [inventory, readiness, leases] = await Promise.all([
    loadInventory(state, cloud, region),
    loadReadiness(state, { name: cloud, region }),
    loadLeases(state, { cloud, region }),
  ]);
  const ready = new Map(readiness.map(({ value }) => [value.hostKey, value]));
  const beats = new Map(leases.map(({ value }) => [value.hostKey, value.cameAtMs]));
  return inTurn(inventory, AT_ONCE, async ({ value: { host, serviceId } }): Promise<HostRow> => {
    const hostKey = hostKeyOf(cloud, region, serviceId);
    const claims = (await loadHost(state, hostKey))?.value.claims ?? {};
    const fence = ready.get(hostKey);
    return {
      host,
      hostKey,
      reporters: Object.entries(claims)
        .map(([name, { says, receivedAtMs }]) => ({ name, says, atMs: receivedAtMs }))
        .sort((a, b) => b.atMs - a.atMs),
      heartbeatAtMs: beats.get(hostKey) ?? null,
      fence:
        fence === undefined
          ? null
          : { ...fenceOf(fence.devices), state: fence.state, because: fence.because, sinceMs: fence.sinceMs },
    };
  });
}

function fenceOf(devices: readonly { readonly lastGoodMs: number | null }[]): { readonly lastGoodMs: number | null } {
  const times = devices.map(({ lastGoodMs }) => lastGoodMs ?? 0);
  const oldest = times.length === 0 ? 0 : Math.min(...times);
  return { lastGoodMs: oldest === 0 ? null : oldest };
}

import { hostKeyOf } from '#shared/domain/host.ts';
import type { Services } from '#shared/services.ts';
import { type InventoryHost, loadInventory, loadInventoryHost } from '#shared/state/inventory.ts';
import type { ToPark } from '#shared/state/parked.ts';

export interface KnownHost extends InventoryHost {
  readonly key: string;
  readonly cloud: string;
  readonly region: string;
}

interface Mirror {
  readonly readAtMs: number;
  readonly hosts: ReadonlyMap<string, InventoryHost>;
}

/** The mirror is read as a whole and kept this long per process, so that a flood of events costs no reads of it. */
const KEEP_MS = 10_000;
const mirrors = new WeakMap<object, Promise<Mirror>>();

/** The mirror was changed: this process reads it anew. */
export const forgetMirror = ({ state }: Pick<Services, 'state'>): void => {
  mirrors.delete(state);
};

export const unknownHost = (host: string): Omit<ToPark, 'body'> => ({
  because: 'no compute service of this name is known',
  subject: host,
});

/** The host an event names, or why salvor can't tell. */
export async function findHost(
  services: Services,
  named: { readonly host: string; readonly cloud?: string | undefined; readonly region?: string | undefined },
): Promise<{ readonly known: KnownHost } | { readonly unknown: Omit<ToPark, 'body'> }> {
  const { name: cloud, region } = services.policy.cloud;
  if ((named.cloud ?? cloud) !== cloud || (named.region ?? region) !== region)
    return {
      unknown: {
        because: `this salvor serves cloud ${cloud}, region ${region}`,
        subject: `${named.cloud ?? cloud}/${named.region ?? region}/${named.host}`,
      },
    };
  const mirror = await readMirror(services, cloud, region);
  // A host that joined a moment ago is in the mirror's table before it is in our copy of it.
  const known = mirror.hosts.get(named.host) ?? (await loadInventoryHost(services.state, cloud, region, named.host));
  if (known === undefined) return { unknown: unknownHost(named.host) };
  return { known: { ...known, key: hostKeyOf(cloud, region, known.serviceId), cloud, region } };
}

async function readMirror(services: Services, cloud: string, region: string): Promise<Mirror> {
  const kept = await mirrors.get(services.state);
  const nowMs = services.clock.now();
  if (kept !== undefined && nowMs - kept.readAtMs < KEEP_MS) return kept;
  const reading = loadInventory(services.state, cloud, region).then((items) => ({
    readAtMs: nowMs,
    hosts: new Map(items.map(({ value }) => [value.host, value])),
  }));
  mirrors.set(services.state, reading);
  reading.catch(() => mirrors.delete(services.state));
  return reading;
}

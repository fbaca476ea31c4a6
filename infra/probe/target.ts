import { type BlockList, isIP } from 'node:net';
import type { ProbeServer } from '#shared/adapters/openstack/probe-servers.ts';

/** Server metadata by which an owner asks for the probe of an instance. */
export const METADATA_KEY = 'salvor:probe';

/** How an instance is asked. */
export type Way =
  | { readonly by: 'icmp' }
  | { readonly by: 'tcp'; readonly port: number }
  | { readonly by: 'http'; readonly port: number; readonly path: string };

export interface Target {
  readonly instanceId: string;
  readonly host: string;
  readonly address: string;
  readonly way: Way;
  /** As its owner has written it. */
  readonly wanted: string;
}

/** Which of an instance's addresses is asked. */
export interface Choice {
  /** Of this network only. */
  readonly network?: string | undefined;
  readonly kind: 'fixed' | 'floating';
  /** In these ranges only: owners choose addresses, and names of networks, as they like. */
  readonly ranges: BlockList;
}

/** `icmp`, `tcp:22`, `http`, `http:8080`, `http:/healthz` or `http:8080/healthz`; undefined for anything else. */
export function wayOf(wanted: string): Way | undefined {
  if (wanted === 'icmp') return { by: 'icmp' };
  const tcp = /^tcp:(\d{1,5})$/.exec(wanted);
  if (tcp !== null) return withPort(Number(tcp[1]), (port) => ({ by: 'tcp', port }));
  // A path is what a request line may hold, and no more.
  const http = /^http(?::(\d{1,5})?(\/[\x21-\x7e]{0,200})?)?$/.exec(wanted);
  if (http === null) return undefined;
  return withPort(Number(http[1] ?? 80), (port) => ({ by: 'http', port, path: http[2] ?? '/' }));
}

const withPort = (port: number, way: (port: number) => Way): Way | undefined =>
  port >= 1 && port <= 65_535 ? way(port) : undefined;

export interface Targets {
  readonly targets: readonly Target[];
  /** Instances that asked for it, and why they are not asked. */
  readonly left: readonly { readonly instanceId: string; readonly because: string }[];
}

/** Whoever has opted in, should run, and can be asked at an address that is nobody else's. */
export function targetsAmong(servers: readonly ProbeServer[], choice: Choice): Targets {
  const opted = servers.filter(({ metadata, isSteady, host }) => METADATA_KEY in metadata && isSteady && host !== null);
  const targets: Target[] = [];
  const left: { instanceId: string; because: string }[] = [];
  for (const server of opted) {
    const target = targetOf(server, choice);
    if (typeof target === 'string') left.push({ instanceId: server.id, because: target });
    else targets.push(target);
  }
  const byAddress = Map.groupBy(targets, ({ address }) => address);
  const isShared = ({ address }: Target): boolean => (byAddress.get(address)?.length ?? 0) > 1;
  const shared = targets.filter(isShared).map(({ instanceId, address }) => ({
    instanceId,
    because: `${address} is the address of more than one: give --network`,
  }));
  return { targets: targets.filter((target) => !isShared(target)), left: [...left, ...shared] };
}

function targetOf(
  { id: instanceId, host, metadata, addresses }: ProbeServer,
  { network, kind, ranges }: Choice,
): Target | string {
  const wanted = metadata[METADATA_KEY] ?? '';
  const way = wayOf(wanted);
  if (way === undefined) return `${METADATA_KEY} is neither icmp, tcp:PORT nor http:PORT/PATH`;
  const found = addresses
    .filter((each) => each.kind === kind && (network === undefined || each.network === network))
    .find(({ address }) => isIP(address) !== 0 && ranges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'));
  if (found === undefined)
    return `it has no ${kind} address in --range${network === undefined ? '' : ` and ${network}`}`;
  return { instanceId, host: host ?? '', address: found.address, way, wanted };
}

/**
 * @param range `203.0.113.0/24`, `2001:db8::/32`
 * @returns undefined when it is none
 */
export function addRange(ranges: BlockList, range: string): BlockList | undefined {
  const [address = '', bits = '', ...more] = range.split('/');
  const family = isIP(address);
  const isRange =
    family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32) && more.length === 0;
  if (!isRange) return undefined;
  ranges.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
  return ranges;
}

import * as z from 'zod';
import { PermanentError } from '#shared/errors.ts';
import { type ConsulSeen, declare, type Network, NOTHING_SEEN } from './consul-networks.ts';
import { hostName, MAX_ITEMS, type Parsed, read, type SourceContext } from './source.ts';

/** https://developer.hashicorp.com/consul/docs/dynamic-app-config/watches: the handler gets the whole list each time. */
const node = z.string().min(1).max(255);
const check = z.object({
  Node: node,
  CheckID: z.string().max(255),
  Status: z.enum(['passing', 'warning', 'critical', 'maintenance']),
  ModifyIndex: z.number().int().nonnegative().nullish(),
});
const checks = z.array(check).max(MAX_ITEMS * 4);
const nodes = z.array(z.object({ Node: node })).max(MAX_ITEMS);
type Check = z.infer<typeof check>;

/** The gossip's own check of each agent. */
const DEFAULT_CHECKS = 'serfHealth';
const MAX_HOSTS = 1000;
const MAX_NAMED = 100;
/** A list that is older by its index is a slow twin's, for so long; then Consul was restored from a snapshot. */
const INDEX_COUNTS_MS = 60_000;

export interface ConsulLook {
  readonly parsed: Parsed;
  /** What to remember; undefined when the list does not count. */
  readonly after: ConsulSeen | undefined;
}

/**
 * Compares a watch's list with what this reporter's watches have told before. A host is down when every check of the
 * option `checks` is critical on it, and seen up when one is not any more: in a list of critical checks absence is
 * passing, unless a `nodes` watch has told that the node left the catalog; in a list of all checks its presence is.
 * @throws PermanentError when the body is not a list of checks or nodes.
 */
export function consul(body: unknown, before: ConsulSeen | undefined, context: SourceContext): ConsulLook {
  const seen = before ?? NOTHING_SEEN;
  // Go writes an empty list as null.
  const list = body ?? [];
  if (isNodes(list)) return lookAtNodes(read(nodes, list, 'a list of Consul nodes'), seen);
  const all = read(checks, list, 'a list of Consul checks');
  const { query, nowMs } = context;
  const name = (query.network ?? '').slice(0, 64);
  const index = indexOf(query.index);
  const last = Object.hasOwn(seen.networks, name) ? seen.networks[name] : undefined;
  if (last !== undefined && index < last.index && nowMs - last.atMs < INDEX_COUNTS_MS)
    return { parsed: { events: [], ignored: [`index ${index} is older than ${last.index}`] }, after: undefined };

  const wanted = (query.checks ?? DEFAULT_CHECKS).split(',').map((each) => each.trim());
  const byHost = checksByHost(all, wanted);
  const network: Network = { atMs: nowMs, index, critical: criticalOf(byHost, wanted) };
  // A list that has others than critical ones is of all checks, whatever the option says.
  const whole = query.state === 'any' || all.some(({ Status }) => Status !== 'critical');
  const present = (host: string) => (whole ? byHost.has(host) : !seen.left.includes(host));
  const { events, seen: after } = declare(seen, name, network, present, context);
  const others = all.filter(({ CheckID }) => !wanted.includes(CheckID)).length;
  const ignored = others === 0 ? [] : [`${others} of other checks than ${wanted.join(', ').slice(0, 200)}`];
  return { parsed: { events, ignored }, after };
}

const isNodes = (list: unknown): boolean =>
  Array.isArray(list) &&
  list.length > 0 &&
  list.every((each) => each !== null && typeof each === 'object' && !('CheckID' in each));

function checksByHost(
  all: readonly Check[],
  wanted: readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, Check>> {
  const byHost = new Map<string, Map<string, Check>>();
  for (const each of all) {
    const host = hostName(each.Node);
    if (host === undefined || !wanted.includes(each.CheckID)) continue;
    byHost.set(host, (byHost.get(host) ?? new Map<string, Check>()).set(each.CheckID, each));
  }
  return byHost;
}

/** @throws PermanentError when they are more than one item of the state may hold */
function criticalOf(
  byHost: ReadonlyMap<string, ReadonlyMap<string, Check>>,
  wanted: readonly string[],
): Readonly<Record<string, number>> {
  const critical: Record<string, number> = Object.create(null);
  for (const [host, found] of byHost)
    if (wanted.every((id) => found.get(id)?.Status === 'critical'))
      critical[host] = Math.max(...[...found.values()].map(({ ModifyIndex }) => ModifyIndex ?? 0));
  const count = Object.keys(critical).length;
  if (count > MAX_HOSTS) throw new PermanentError(`${count} hosts are critical; at most ${MAX_HOSTS} are read`);
  return critical;
}

/** The list tells nobody's state, only of whom absence from the other lists means nothing. */
function lookAtNodes(list: readonly { readonly Node: string }[], seen: ConsulSeen): ConsulLook {
  const names = new Set(list.map(({ Node }) => hostName(Node)));
  const left = Object.keys(seen.declared).filter((host) => !names.has(host));
  const ignored = [
    `a list of ${list.length} nodes tells nobody's state`,
    ...left.slice(0, MAX_NAMED).map((host) => `${host} has left the catalog: that does not say whether it runs`),
  ];
  return { parsed: { events: [], ignored }, after: { ...seen, left } };
}

function indexOf(text: string | undefined): number {
  const index = Number(text ?? 0);
  return Number.isSafeInteger(index) && index >= 0 ? index : 0;
}

import type { Ticket } from '../guards.ts';
import type { Evidence } from './evidence.ts';
import { type Failures, failedWithin, failuresOf } from './failures.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

/** Failure domains that failed hosts are in, over all segments: a rack is of no segment. */
export interface DomainFailures {
  /** The host's own, with what else has failed in them. Empty when nothing is said of the host. */
  readonly own: readonly ({ readonly name: string } & Failures)[];
  /** Others: when the newest host of each was confirmed down, null while one of it has an open incident. */
  readonly others: readonly { readonly name: string; readonly confirmedAtMs: number | null }[];
  /** Further ones, as `others` is cut. */
  readonly leftOut: number;
}

const KEPT_OWN = 8;
const KEPT_OTHERS = 100;

/** @param domainsOf the failure domains of a host, by its key. */
export function domainFailures(
  hostKey: string,
  open: ReadonlySet<string>,
  tickets: readonly Ticket[],
  domainsOf: (hostKey: string) => readonly string[],
): DomainFailures {
  const names = domainsOf(hostKey).slice(0, KEPT_OWN);
  const own = names.map((name) => {
    const inDomain = (key: string) => domainsOf(key).includes(name);
    const openInDomain = new Set([...open].filter(inDomain));
    return {
      name,
      ...failuresOf(
        openInDomain,
        tickets.filter((ticket) => inDomain(ticket.hostKey)),
      ),
    };
  });
  const others = new Map<string, number | null>();
  for (const { hostKey: key, atMs } of tickets)
    for (const name of domainsOf(key)) others.set(name, Math.max(atMs, others.get(name) ?? 0));
  for (const key of open) for (const name of domainsOf(key)) others.set(name, null);
  for (const name of names) others.delete(name);
  const newestFirst = [...others].sort(([, a], [, b]) => (b ?? Infinity) - (a ?? Infinity) || 0);
  return {
    own,
    others: newestFirst.slice(0, KEPT_OTHERS).map(([name, confirmedAtMs]) => ({ name, confirmedAtMs })),
    leftOut: Math.max(0, newestFirst.length - KEPT_OTHERS),
  };
}

/**
 * Hosts of one rack that fail together are one failure, of its switch or its power: they may all be alive, and their
 * devices out of reach. So the policy says how many of one domain may be fenced, and in how many domains at once.
 */
export function failureDomainGate({ domains, atMs }: Evidence, { policy }: Rules): GateResult {
  const { maxHostsPerDomain, maxDomains, windowSeconds } = policy.failureDomains;
  const { own, others, leftOut } = domains;
  if (own.length === 0) return gate('failure-domain', true, 'it is in no failure domain that Nova or the policy names');
  const counts = own.map((each) => ({ name: each.name, hosts: failedWithin(each, windowSeconds, atMs) + 1 }));
  const further = others.filter(
    ({ confirmedAtMs }) => confirmedAtMs === null || confirmedAtMs + windowSeconds * 1000 > atMs,
  );
  const touched = own.length + further.length + leftOut;
  // One host alone is no failure of several domains, whatever it is in.
  const alone = further.length + leftOut === 0;
  const open = counts.every(({ hosts }) => hosts <= maxHostsPerDomain) && (alone || touched <= maxDomains);
  const hostsInWords = counts.map(({ name, hosts }) => `host ${hosts} of at most ${maxHostsPerDomain} in ${name}`);
  const because = `it would be ${hostsInWords.join(' and ')}, in ${touched} of at most ${maxDomains} failure domains, in ${windowSeconds} s`;
  return gate('failure-domain', open, because);
}

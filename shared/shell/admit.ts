import type { HostEvent } from '#events/host-event.ts';
import { outOfScope, outOfSegments, type Reporter, rateOf } from '#shared/domain/reporter.ts';
import type { Services } from '#shared/services.ts';
import { findHost } from './known-hosts.ts';
import type { Throttle } from './throttle.ts';

/**
 * Whether a reporter may say this, wherever it comes in.
 * - `refused`: it is outside of its scope, for good; `tooMuch`: it may be said again later.
 * - Words that a host is up or alive are never too much, since they must not be lost. Of one who says too many the others are
 *   `spare`: they are needed only while the host is in doubt.
 */
export type Admission = { readonly refused: string } | { readonly tooMuch: string } | { readonly spare: boolean };

export async function admit(
  services: Services,
  counted: Throttle,
  reporter: Reporter,
  event: HostEvent,
): Promise<Admission> {
  const { policy } = services;
  // Before anything is looked for: a reporter with a scope can't fill the list of what is parked with names of hosts.
  const outside = outOfScope(reporter, event, policy);
  if (outside !== undefined) return { refused: outside };
  const { key, perMinute } = rateOf(reporter, policy);
  const isUp = event.type === 'host.up';
  const isFree = event.type === 'host.heartbeat' || (reporter.letIn === true && !isUp);
  const spare = !isFree && counted.take(isUp ? `up ${key}` : key, 1, perMinute) === 0;
  if (spare && !isUp) return { tooMuch: `it says more than ${perMinute} events a minute` };
  const elsewhere = await outOfItsSegments(services, reporter, event);
  return elsewhere === undefined ? { spare } : { refused: elsewhere };
}

async function outOfItsSegments(
  services: Services,
  reporter: Reporter,
  { data }: HostEvent,
): Promise<string | undefined> {
  const { policy } = services;
  // Who may speak of every segment needs no look at where the host is.
  if (outOfSegments(reporter, null, policy) === undefined) return undefined;
  const found = await findHost(services, data);
  return outOfSegments(reporter, 'known' in found ? found.known.segment : null, policy);
}

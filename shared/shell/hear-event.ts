import type { HostEvent } from '#events/host-event.ts';
import {
  outOfScope,
  outOfSegments,
  REFUSED_SUBJECT,
  type Reporter,
  rateOf,
  senderOf,
} from '#shared/domain/reporter.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import type { ToPark } from '#shared/state/parked.ts';
import { findHost, type KnownHost } from './known-hosts.ts';
import { type Throttle, throttle } from './throttle.ts';

type Heard = { readonly host: KnownHost; readonly reporter: string } | { readonly park: ToPark };

/**
 * Of which known host an event of the queue is, and whose word it counts as; or why it is parked: its reporter may not say
 * this, says too much, or nobody knows the host.
 */
export async function hearEvent(services: Services, event: HostEvent, { attributes, body }: SqsRecord): Promise<Heard> {
  const { policy, trustedSenders } = services;
  const reporter = senderOf(attributes.SenderId, event, trustedSenders, policy);
  const refuse = (because: string): Heard => ({
    park: { because, subject: `${REFUSED_SUBJECT}${reporter.name}`, body },
  });
  // Before the host is looked for: a reporter with a scope can't fill the list of what is parked with names.
  const outside = outOfScope(reporter, event, policy);
  if (outside !== undefined) return refuse(outside);
  if (isTooMuch(services, reporter, event))
    return refuse(`it says more than ${rateOf(reporter, policy).perMinute} events a minute`);
  const found = await findHost(services, event.data);
  if ('unknown' in found) return { park: { ...found.unknown, body: inItsName(event, reporter, body) } };
  const { known } = found;
  const elsewhere = outOfSegments(reporter, known.segment, policy);
  return elsewhere === undefined ? { host: known, reporter: reporter.name } : refuse(elsewhere);
}

/** In this process, for as long as its store is open. */
const throttles = new WeakMap<object, Throttle>();

/** Words that a host is up are few or the same, and must not be lost: only the others are counted. */
function isTooMuch({ state, clock, policy }: Services, reporter: Reporter, { type }: HostEvent): boolean {
  if (type === 'host.up' || type === 'host.heartbeat') return false;
  const counted = throttles.get(state) ?? throttle(clock);
  throttles.set(state, counted);
  const { key, perMinute } = rateOf(reporter, policy);
  return counted.take(key, 1, perMinute) === 0;
}

/** What is parked may be sent again by salvor itself, which is believed: it must carry the name that was found here. */
const inItsName = (event: HostEvent, { name }: Reporter, body: string): string =>
  event.reporter === undefined && name === event.source ? body : JSON.stringify({ ...event, reporter: name });

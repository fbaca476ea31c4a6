import type { HostEvent } from '#events/host-event.ts';
import { behind, REFUSED_SUBJECT, type Reporter, senderOf } from '#shared/domain/reporter.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import type { ToPark } from '#shared/state/parked.ts';
import { admit } from './admit.ts';
import { findHost, type KnownHost } from './known-hosts.ts';
import { eventInName } from './parse-event.ts';
import { type Throttle, throttle } from './throttle.ts';

export interface Word {
  readonly host: KnownHost;
  /** Whose word it counts as. */
  readonly reporter: string;
  /** One of too many: it is needed only while the host is in doubt. */
  readonly spare: boolean;
}

/**
 * Of which known host an event of the queue is, and whose word it counts as; or why it is parked: its reporter may not say
 * this, says too much, or nobody knows the host.
 */
export async function hearEvent(
  services: Services,
  event: HostEvent,
  { attributes, body }: SqsRecord,
): Promise<Word | { readonly park: ToPark }> {
  const { policy, trustedSenders } = services;
  const reporter = senderOf(attributes.SenderId, event, trustedSenders, policy);
  const admission = await admit(services, throttleOf(services), reporter, event);
  if (!('spare' in admission)) {
    const because = 'refused' in admission ? admission.refused : admission.tooMuch;
    return { park: { because, subject: `${REFUSED_SUBJECT}${behind(reporter)}`, body } };
  }
  const found = await findHost(services, event.data);
  if ('unknown' in found) return { park: { ...found.unknown, body: inItsName(event, reporter, body) } };
  return { host: found.known, reporter: reporter.name, spare: admission.spare };
}

/** In this process, for as long as its store is open. */
const throttles = new WeakMap<object, Throttle>();

function throttleOf({ state, clock }: Services): Throttle {
  const counted = throttles.get(state) ?? throttle(clock);
  throttles.set(state, counted);
  return counted;
}

/** What is parked may be sent again by salvor itself, which is believed: it must carry the names that were found here. */
function inItsName(event: HostEvent, reporter: Reporter, body: string): string {
  const isPlain = [event.reporter, event.relay, reporter.relay].every((each) => each === undefined);
  return isPlain && reporter.name === event.source ? body : JSON.stringify(eventInName(event, reporter));
}

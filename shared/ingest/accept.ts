import type { HostEvent } from '#events/host-event.ts';
import { outOfScope, outOfSegments, REFUSED_SUBJECT, type Reporter, rateOf } from '#shared/domain/reporter.ts';
import { park } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { findHost } from '#shared/shell/known-hosts.ts';
import type { Throttle } from '#shared/shell/throttle.ts';

export interface Refused {
  /** Of the event. */
  readonly id: string;
  readonly because: string;
}

export interface Accepted {
  /** So many events are in the queue, and can't be lost any more. */
  readonly accepted: number;
  readonly refused: readonly Refused[];
  /** Some were refused only because there were too many: they may be sent again later. */
  readonly tooMany: boolean;
}

export type AcceptServices = Services & { readonly throttle: Throttle };

/**
 * Puts what this reporter may say into the queue, in its name. What it may not say is parked, for people to see.
 * @throws RetryableError when the queue may not have taken all: the sender has to send them again, and repeats do no harm.
 */
export async function accept(
  services: AcceptServices,
  reporter: Reporter,
  events: readonly HostEvent[],
): Promise<Accepted> {
  const { policy, throttle, outbox } = services;
  const refused: Refused[] = [];
  const allowed: HostEvent[] = [];
  for (const event of events) {
    const because = outOfScope(reporter, event, policy) ?? (await outOfItsSegments(services, reporter, event));
    if (because === undefined) allowed.push({ ...event, reporter: reporter.name });
    else refused.push({ id: event.id, because });
  }
  const { key, perMinute } = rateOf(reporter, policy);
  const taken = throttle.take(key, allowed.length, perMinute);
  const tooMuch = `it says more than ${perMinute} events a minute`;
  refused.push(...allowed.slice(taken).map(({ id }) => ({ id, because: tooMuch })));
  await outbox.send(allowed.slice(0, taken).map((message) => ({ message, delaySeconds: 0 })));
  await tellOf(services, reporter, refused, events);
  return { accepted: taken, refused, tooMany: taken < allowed.length };
}

async function outOfItsSegments(services: Services, reporter: Reporter, event: HostEvent): Promise<string | undefined> {
  // Who may speak of every segment needs no look at where the host is.
  if (outOfSegments(reporter, null, services.policy) === undefined) return undefined;
  const found = await findHost(services, event.data);
  return outOfSegments(reporter, 'known' in found ? found.known.segment : null, services.policy);
}

async function tellOf(
  services: Services,
  { name }: Reporter,
  refused: readonly Refused[],
  events: readonly HostEvent[],
): Promise<void> {
  const bodies = new Map(events.map((event) => [event.id, event]));
  for (const [because, all] of Map.groupBy(refused, (each) => each.because))
    await park(
      services,
      all.map(({ id }) => ({ because, subject: `${REFUSED_SUBJECT}${name}`, body: JSON.stringify(bodies.get(id)) })),
    );
}

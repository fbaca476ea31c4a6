import type { HostEvent } from '#events/host-event.ts';
import { REFUSED_SUBJECT, type Reporter } from '#shared/domain/reporter.ts';
import { park } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { admit } from '#shared/shell/admit.ts';
import { eventInName } from '#shared/shell/parse-event.ts';
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
  const refused: Refused[] = [];
  const taken: HostEvent[] = [];
  let tooMany = false;
  for (const event of events) {
    const admission = await admit(services, services.throttle, reporter, event);
    if ('spare' in admission) taken.push(eventInName(event, reporter));
    else refused.push({ id: event.id, because: 'refused' in admission ? admission.refused : admission.tooMuch });
    tooMany ||= 'tooMuch' in admission;
  }
  await services.outbox.send(taken.map((message) => ({ message, delaySeconds: 0 })));
  await tellOf(services, reporter, refused, events);
  return { accepted: taken.length, refused, tooMany };
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

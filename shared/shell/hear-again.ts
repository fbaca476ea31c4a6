import type { HearAgain } from '#events/operator-command.ts';
import { behind, outOfScope, REFUSED_SUBJECT, senderOf } from '#shared/domain/reporter.ts';
import { park } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { eventInName, parseEvent } from './parse-event.ts';

/**
 * Sends a report that was a dead letter to its queue again, in the name of who had sent it then; what that one may not say is
 * parked. It is not counted: it was, when it came.
 * @throws PermanentError when it is no event
 */
export async function hearAgain(services: Services, { senderId, body }: HearAgain): Promise<void> {
  const { policy, trustedSenders, outbox } = services;
  const event = parseEvent(body);
  const reporter = senderOf(senderId, event, trustedSenders, policy);
  const because = outOfScope(reporter, event, policy);
  if (because !== undefined)
    await park(services, [{ because, subject: `${REFUSED_SUBJECT}${behind(reporter)}`, body }]);
  else await outbox.send([{ message: eventInName(event, reporter), delaySeconds: 0 }]);
}

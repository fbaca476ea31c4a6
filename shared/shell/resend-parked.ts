import { hostEvent } from '#events/host-event.ts';
import type { Services } from '#shared/services.ts';
import { loadParked, parkedId } from '#shared/state/parked.ts';
import { unknownHost } from './known-hosts.ts';

/**
 * A host that has just become known may have been reported before: its newest parked report goes into the queue
 * again, and is judged by its age there. A reporter that speaks only once would be lost otherwise.
 */
export async function resendParked({ state, outbox }: Services, host: string): Promise<void> {
  const parked = await loadParked(state, parkedId(unknownHost(host)));
  const event = parked && hostEvent.safeParse(jsonOf(parked.value.sample));
  if (event?.success) await outbox.send([{ message: event.data, delaySeconds: 0 }]);
}

/** The sample may have been cut: then it is no JSON any more. */
function jsonOf(sample: string): unknown {
  try {
    return JSON.parse(sample);
  } catch {
    return undefined;
  }
}

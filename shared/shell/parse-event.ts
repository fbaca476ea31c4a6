import * as z from 'zod';
import { type HostEvent, hostEvent, MAX_EVENT_BYTES } from '#events/host-event.ts';
import type { Reporter } from '#shared/domain/reporter.ts';
import { PermanentError } from '#shared/errors.ts';
import { parseJson } from '#shared/lambda/queue-function.ts';

/** @throws PermanentError that says what is wrong with the event. */
export function parseEvent(body: string): HostEvent {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_EVENT_BYTES)
    throw new PermanentError(`the event has ${bytes} bytes; at most ${MAX_EVENT_BYTES} are read`);
  const parsed = hostEvent.safeParse(parseJson(body));
  if (!parsed.success) throw new PermanentError(`not a host event: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** As salvor's own senders say it, who are believed: whatever the message says of whose word it is, these names count. */
export function eventInName(
  { reporter: _claimed, relay: _also, ...said }: HostEvent,
  { name, relay }: Reporter,
): HostEvent {
  return { ...said, reporter: name, ...(relay === undefined ? {} : { relay }) };
}

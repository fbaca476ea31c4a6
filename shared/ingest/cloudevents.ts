import type { Context } from 'hono';
import * as z from 'zod';
import { type HostEvent, hostEvent, MAX_EVENT_BYTES } from '#events/host-event.ts';
import { PermanentError } from '#shared/errors.ts';
import { parseJson } from '#shared/lambda/queue-function.ts';

/** Events of one request at most. */
export const MAX_EVENTS = 1000;

/**
 * The events of a request, in each mode of the HTTP binding: one in its body, a batch, or one in headers and body.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, section 3.
 * @returns undefined when the content type is of no mode
 * @throws PermanentError that says which event is wrong, and where
 */
export async function eventsIn(c: Context): Promise<readonly HostEvent[] | undefined> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  const body = await c.req.text();
  if (c.req.header('ce-specversion') !== undefined)
    return type === 'application/json' ? [eventOf(binaryMode(c.req.header(), body))] : undefined;
  if (type === 'application/cloudevents+json') return [eventOf(parseJson(body))];
  if (type === 'application/cloudevents-batch+json') return batchOf(parseJson(body));
  if (type !== 'application/json') return undefined;
  const parsed = parseJson(body);
  return Array.isArray(parsed) ? batchOf(parsed) : [eventOf(parsed)];
}

function batchOf(body: unknown): readonly HostEvent[] {
  if (!Array.isArray(body)) throw new PermanentError('a batch is a JSON array of events');
  if (body.length > MAX_EVENTS)
    throw new PermanentError(`the batch has ${body.length} events; at most ${MAX_EVENTS} are taken`);
  return body.map((each, index) => eventOf(each, `event ${index} of the batch: `));
}

function eventOf(value: unknown, where = ''): HostEvent {
  const parsed = hostEvent.safeParse(value);
  if (!parsed.success) throw new PermanentError(`${where}not a host event: ${z.prettifyError(parsed.error)}`);
  const bytes = Buffer.byteLength(JSON.stringify(parsed.data));
  if (bytes > MAX_EVENT_BYTES)
    throw new PermanentError(`${where}the event has ${bytes} bytes; at most ${MAX_EVENT_BYTES} are read`);
  return parsed.data;
}

/** Attributes are headers with `ce-` before them, percent-encoded (section 3.1.3); the body is `data`. */
function binaryMode(headers: Readonly<Record<string, string>>, body: string): object {
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]): [string, string] => [name.slice('ce-'.length), decoded(name, value)]);
  return { ...Object.fromEntries(attributes), datacontenttype: 'application/json', data: parseJson(body) };
}

function decoded(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new PermanentError(`header ${name} is not percent-encoded text`);
  }
}

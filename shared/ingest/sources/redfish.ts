import * as z from 'zod';
import type { HostEvent } from '#events/host-event.ts';
import { collect, eventOf, hostName, type Mapper, meant, read, timeOf } from './source.ts';

/** DMTF DSP0268, schema Event: required are few, and spellings differ between BMCs. */
const text = z.string().max(4096).nullish();
const record = z.object({
  EventId: text,
  EventID: text,
  EventTimestamp: text,
  MessageId: text,
  MessageID: text,
  Message: text,
  Context: text,
  OriginOfCondition: z.union([z.string().max(2048), z.object({ '@odata.id': z.string().max(2048) })]).nullish(),
});
const notification = z.object({
  '@odata.type': z.string().regex(/^#Event\./),
  Context: text,
  Events: z.array(record).max(1000),
});
type Notification = z.infer<typeof notification>;

/** Registry and version cut off: DMTF ResourceEvent, HPE iLO, Dell iDRAC, OpenBMC. More by the option `messages`. */
const POWERED_OFF = ['ResourcePoweredOff', 'ServerPoweredOff', 'SYS1001', 'DCPowerOff'];
const SYSTEM = /\/redfish\/v1\/Systems\/[^/]+\/?$/;

/**
 * What a BMC can tell of its host: that it has no power. That it has power again does not say that it answers, and a
 * failed fan says nothing at all. The host is what the subscription's URL or `Context` names.
 */
export const redfish: Mapper = (body, context) => {
  const told = read(notification, body, 'an event of a Redfish subscription');
  return collect(told.Events, (event) => says(event, told, context));
};

function says(
  event: Notification['Events'][number],
  { Context }: Notification,
  { nowMs, newId, query }: Parameters<Mapper>[1],
): HostEvent | string {
  const message = event.MessageId ?? event.MessageID ?? '';
  const host = hostName(query.host) ?? hostName(Context ?? event.Context ?? undefined);
  if (host === undefined) return `${message} names no host: query option host, or the subscription's Context`;
  if (!meant(message.split('.').at(-1) ?? '', query.messages, POWERED_OFF))
    return `${message} says nothing of whether ${host} runs: query option messages`;
  const { OriginOfCondition: from } = event;
  const origin = typeof from === 'object' ? from?.['@odata.id'] : from;
  if (origin != null && !SYSTEM.test(origin)) return `${message} is about ${origin}, not about the system`;
  const seenMs = event.EventTimestamp == null ? nowMs : timeOf(event.EventTimestamp);
  if (Number.isNaN(seenMs)) return `${message} of ${host}: EventTimestamp is no time`;
  const eventId = event.EventId ?? event.EventID;
  return eventOf({
    type: 'host.down',
    id: eventId == null ? newId() : `${host}/${eventId}/${message}/${seenMs}`,
    source: `/redfish/${host}`,
    host,
    timeMs: seenMs,
    reason: `its BMC says: ${event.Message ?? message}`,
  });
}

import * as z from 'zod';

/**
 * What edge agents say about a host: CloudEvents 1.0 in structured JSON mode.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, section "Context Attributes".
 *
 * `source` names the reporter, and with `id` the event. `data.host` is Nova's *service host* name
 * (`openstack compute service list`), never the hypervisor's host name.
 */

/** A longer body is not read at all. SQS would take 1 MiB. */
export const MAX_EVENT_BYTES = 64 * 1024;

const text = (max: number) => z.string().min(1).max(max);

const hostData = z.object({
  schemaVersion: z.literal(1).default(1),
  /** Nova's service host name. */
  host: text(255),
  /** Which cloud and region the host belongs to; needed only where one salvor serves several. */
  cloud: text(255).optional(),
  region: text(255).optional(),
  /** For people: what the reporter saw. */
  reason: z.string().max(1024).optional(),
});

const envelope = {
  specversion: z.literal('1.0'),
  id: text(256),
  source: text(512),
  /** RFC 3339. When the reporter saw it, by the reporter's clock. */
  time: z.iso.datetime({ offset: true }),
  subject: z.string().max(512).optional(),
  /**
   * Extension attribute: the reporter whose word it is, as salvor's HTTP endpoint has authenticated it. Believed only of
   * salvor's own senders; of all others it is ignored.
   */
  reporter: text(512).optional(),
  /** Extension attribute: the relay that the word came by, whose limits hold for it. Believed of the same senders only. */
  relay: text(512).optional(),
  datacontenttype: z.literal('application/json').optional(),
  dataschema: z.string().max(512).optional(),
};

const hostDown = z.object({ ...envelope, type: z.literal('host.down'), data: hostData });
const hostUp = z.object({ ...envelope, type: z.literal('host.up'), data: hostData });
const hostHeartbeat = z.object({ ...envelope, type: z.literal('host.heartbeat'), data: hostData });
/**
 * The host's kernel has crashed and writes its memory to disk. Whoever says so need not be authentic: it is a reason to
 * wait with the power-off, for a limited time, and says neither up nor down.
 */
const hostDumping = z.object({ ...envelope, type: z.literal('host.dumping'), data: hostData });
/** One instance does not run or does not answer. `event` says in what way: shared/domain/instance-recovery/reasons.ts. */
const instanceDown = z.object({
  ...envelope,
  type: z.literal('instance.down'),
  data: hostData.extend({ instanceId: z.uuid(), event: z.string().max(255).optional() }),
});
/** A service process on the host has stopped (`nova-compute`, `libvirtd`, …). Says nothing of the host itself. */
const processDown = z.object({
  ...envelope,
  type: z.literal('process.down'),
  data: hostData.extend({ process: text(255) }),
});
/** It runs again. */
const processUp = z.object({
  ...envelope,
  type: z.literal('process.up'),
  data: hostData.extend({ process: text(255) }),
});

export const hostEvent = z.discriminatedUnion('type', [
  hostDown,
  hostUp,
  hostHeartbeat,
  hostDumping,
  instanceDown,
  processDown,
  processUp,
]);

export const HOST_EVENT_TYPES = [
  'host.down',
  'host.up',
  'host.heartbeat',
  'host.dumping',
  'instance.down',
  'process.down',
  'process.up',
] as const satisfies readonly HostEvent['type'][];

export type HostEvent = z.infer<typeof hostEvent>;
export type HostEventType = HostEvent['type'];
export type InstanceEvent = Extract<HostEvent, { type: 'instance.down' }>;
export type ProcessEvent = Extract<HostEvent, { type: 'process.down' | 'process.up' }>;

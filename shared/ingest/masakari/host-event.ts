import { createHash } from 'node:crypto';
import type { HostEvent } from '#events/host-event.ts';
import { canonical } from '#shared/domain/audit.ts';
import type { NotificationRecord } from '#shared/state/notifications.ts';
import { parseTime } from './times.ts';

type Said = Pick<NotificationRecord, 'type' | 'host' | 'payload' | 'generatedTime'>;

/** Of one host, kind and payload, whenever one reporter said it: the same again within the window is a duplicate. */
export const contentOf = ({ type, host, payload }: Said, reporter: string): string =>
  hashOf({ type, host, payload, reporter });

const hashOf = (value: object): string => createHash('sha256').update(canonical(value)).digest('hex').slice(0, 32);

/**
 * What a notification says of the host, in salvor's own words. Also when a monitor could not tell the power
 * (`host_status` UNKNOWN): salvor reads it itself.
 * The event's id is of what was said, so that a notification that is sent again is told.
 */
export function hostEventOf(said: Said): HostEvent {
  const { type, host, payload, generatedTime } = said;
  const { event, host_status, cluster_status, process_name, instance_uuid, vir_domain_event } = payload as Readonly<
    Record<string, string | undefined>
  >;
  const common = {
    specversion: '1.0',
    id: hashOf({ type, host, payload, generatedTime }),
    time: new Date(Number((parseTime(generatedTime) ?? 0n) / 1000n)).toISOString(),
  } as const;
  const data = { schemaVersion: 1, host } as const;
  switch (type) {
    case 'COMPUTE_HOST': {
      const words = [
        event,
        ...(host_status === undefined ? [] : [`host_status ${host_status}`]),
        ...(cluster_status === undefined ? [] : [`cluster_status ${cluster_status}`]),
      ];
      const says = event === 'STARTED' ? 'host.up' : 'host.down';
      return { ...common, source: '/masakari/hostmonitor', type: says, data: { ...data, reason: words.join(', ') } };
    }
    case 'PROCESS':
      return {
        ...common,
        source: '/masakari/processmonitor',
        type: event === 'STARTED' ? 'process.up' : 'process.down',
        data: { ...data, process: process_name ?? '' },
      };
    case 'VM':
      return {
        ...common,
        source:
          event === 'QEMU_GUEST_AGENT_ERROR' ? '/masakari/introspectiveinstancemonitor' : '/masakari/instancemonitor',
        type: 'instance.down',
        data: {
          ...data,
          instanceId: dashed(instance_uuid ?? ''),
          event: `${event} ${vir_domain_event}`.slice(0, 255),
        },
      };
  }
}

/** Masakari takes a UUID without its dashes too. */
const dashed = (uuid: string): string =>
  uuid
    .toLowerCase()
    .replaceAll('-', '')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

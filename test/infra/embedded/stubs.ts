import type { HostEvent } from '#events/host-event.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { policySchema } from '#shared/domain/policy.ts';
import type { Compute, ComputeService } from '#shared/ports.ts';
import type { Log, Services } from '#shared/services.ts';

export interface RecordedLog extends Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: object | undefined }[];
}

export function recordedLog(): RecordedLog {
  const lines: RecordedLog['lines'] = [];
  const at = (level: string) => (message: string, fields?: object) => void lines.push({ level, message, fields });
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

const service = (index: number): ComputeService => ({
  id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
  host: `compute-${index}`,
  zone: 'nova',
  status: 'enabled',
  disabledReason: null,
  state: 'down',
  forcedDown: false,
  lastReportAtMs: null,
});

/** Only what the inventory is mirrored from; another call fails its function. */
export function stubCompute(hosts: number): Compute {
  const list = Array.from({ length: hosts }, (_, index) => service(index + 1));
  const asked: Partial<Compute> = { services: async () => list, aggregates: async () => [] };
  return asked as Compute;
}

/** Services around a Nova with four hosts in one segment, whose grace period is longer than any test. */
export const outsideServices = (log: Log): Omit<Services, 'state' | 'outbox' | 'trustedSenders' | 'localRestart'> => ({
  compute: stubCompute(4),
  fencing: { device: () => Promise.reject(new Error('no test here fences')) },
  clock: systemClock,
  chance: systemChance,
  guests: systemGuests,
  policy: policySchema.parse({
    version: 1,
    watch: { everySeconds: 0 },
    segments: [{ name: 'az', hosts: { availabilityZone: 'nova' } }],
    fenceDevices: {},
  }),
  log,
});

export const hostDown = (host: string): HostEvent => ({
  specversion: '1.0',
  id: `down-${host}`,
  source: 'urn:agent',
  type: 'host.down',
  time: new Date().toISOString(),
  data: { schemaVersion: 1, host },
});

import type { HostEvent } from '#events/host-event.ts';
import { PermanentError } from '#shared/errors.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { again, type BatchResult, park, type QueueFunction, type SqsRecord } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { hearEvent, type Word } from '#shared/shell/hear-event.ts';
import { hearHost } from '#shared/shell/hear-host.ts';
import type { KnownHost } from '#shared/shell/known-hosts.ts';
import { parseEvent } from '#shared/shell/parse-event.ts';
import type { ToPark } from '#shared/state/parked.ts';

interface Read extends Omit<Word, 'host'> {
  readonly record: SqsRecord;
  readonly event: HostEvent;
}

/**
 * Takes what agents say of hosts. A whole batch is folded per host: one read and at most one write for each,
 * however many duplicates it holds. What can't be understood or is about no known host is parked, never lost.
 */
async function handle(services: Services, records: readonly SqsRecord[]): Promise<BatchResult> {
  const parked: { record: SqsRecord; park: ToPark }[] = [];
  const byHost = new Map<string, { host: KnownHost; read: Read[] }>();
  const failed: string[] = [];
  for (const record of records) {
    try {
      const event = parseEvent(record.body);
      const heard = await hearEvent(services, event, record);
      if ('park' in heard) {
        parked.push({ record, park: heard.park });
        continue;
      }
      const { host, ...word } = heard;
      // Its reports are folded all the same: it may have an incident from when it was protected.
      if (host.segment === null)
        parked.push({ record, park: { because: host.because, subject: host.host, body: record.body } });
      const group = byHost.get(host.key) ?? { host, read: [] };
      group.read.push({ record, event, ...word });
      byHost.set(host.key, group);
    } catch (error) {
      if (error instanceof PermanentError)
        parked.push({ record, park: { because: error.message, subject: 'host-events', body: record.body } });
      else failed.push(await again(services, 'host-events', record, error));
    }
  }
  const work = [
    ...[...byHost.values()].map((group) => ({
      records: group.read.map((each) => each.record),
      run: () => hearHost(services, group.host, group.read),
    })),
    ...groupParked(parked).map((group) => ({
      records: group.map((each) => each.record),
      run: () =>
        park(
          services,
          group.map((each) => each.park),
        ),
    })),
  ];
  await Promise.all(
    work.map(async ({ records: concerned, run }) => {
      try {
        await run();
      } catch (error) {
        for (const record of concerned) failed.push(await again(services, 'host-events', record, error));
      }
    }),
  );
  return failed;
}

function groupParked<T extends { park: ToPark }>(parked: readonly T[]): readonly (readonly T[])[] {
  return [...Map.groupBy(parked, ({ park: { because, subject } }) => `${because}\n${subject}`).values()];
}

export const receiveHostEvent: QueueFunction = { queue: 'host-events', handle };
export const handler = lambdaHandler(receiveHostEvent);

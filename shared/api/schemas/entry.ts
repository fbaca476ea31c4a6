import { z } from '@hono/zod-openapi';
import type { IncidentOutcome } from '#shared/domain/host.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import type { PastIncident } from '#shared/views/history.ts';
import { unixMs } from './common.ts';

const OUTCOMES = [
  'stood-down',
  'dismissed',
  'shadow',
  'recovered',
  'partly-recovered',
] as const satisfies readonly IncidentOutcome[];
export const HISTORY_OUTCOMES = [...OUTCOMES, 'open'] as const;

const entryShape = {
  id: z.uuid(),
  host: z.string(),
  hostKey: z.string(),
  segment: z.string(),
  openedAtMs: unixMs,
  closedAtMs: unixMs.nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  because: z.string(),
  counts: z.record(z.string(), z.int()).openapi({ description: 'Instances by outcome, of one that has ended.' }),
  auditHead: z
    .strictObject({ seq: z.int(), hash: z.string() })
    .nullable()
    .openapi({ description: 'The end of its audit stream: a cut tail shows.' }),
};

export const entrySchema: z.ZodType<IncidentEntry> = z.strictObject(entryShape).openapi('Incident');

const tookMs = (description: string) => z.number().nullable().openapi({ description });

export const pastSchema: z.ZodType<PastIncident> = z
  .strictObject({
    ...entryShape,
    took: z
      .strictObject({
        fencedMs: tookMs('Until it was proven off.'),
        firstBackMs: tookMs('Until the first of its instances was well elsewhere.'),
        lastBackMs: tookMs('Until the last of those that came back was: the recovery time of the incident.'),
      })
      .openapi({
        description: 'From its opening by the first report on, in milliseconds; null: it did not come to that.',
      }),
  })
  .openapi('PastIncident');

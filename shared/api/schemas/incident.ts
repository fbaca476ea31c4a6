import { z } from '@hono/zod-openapi';
import type { FenceProof, IncidentOutcome } from '#shared/domain/host.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import type { IncidentTold, ToldRecord } from '#shared/views/incident.ts';
import { gateSchema, unixMs } from './common.ts';
import { instanceSchema, STATUSES } from './now.ts';

const OUTCOMES = [
  'stood-down',
  'dismissed',
  'shadow',
  'recovered',
  'partly-recovered',
] as const satisfies readonly IncidentOutcome[];

export const entrySchema: z.ZodType<IncidentEntry> = z
  .strictObject({
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
  })
  .openapi('Incident');

const proofSchema: z.ZodType<FenceProof> = z
  .strictObject({
    kind: z.enum(['power-off-read-back', 'operator-confirmation', 'watchdog']),
    systemUuid: z.string().nullable(),
    readAtMs: unixMs,
    offSinceMs: unixMs,
    detail: z.string(),
  })
  .openapi('Proof', { description: 'That the host is off.' });

const recordSchema: z.ZodType<ToldRecord> = z
  .strictObject({
    stream: z.string(),
    seq: z.int(),
    atMs: unixMs,
    type: z.string(),
    about: z.string(),
    told: z
      .strictObject({
        mark: z.enum(['report', 'decision', 'action', 'proof', 'trouble', 'good']),
        text: z.string(),
      })
      .nullable(),
  })
  .openapi('Record');

export const incidentSchema: z.ZodType<IncidentTold> = z
  .strictObject({
    entry: entrySchema,
    status: z.enum(STATUSES).nullable(),
    gates: z.array(gateSchema),
    proof: proofSchema.nullable(),
    records: z.array(recordSchema),
    instances: z.array(instanceSchema),
    faults: z.array(z.string()),
  })
  .openapi('IncidentInFull');

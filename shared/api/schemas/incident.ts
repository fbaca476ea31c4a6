import { z } from '@hono/zod-openapi';
import type { FenceProof } from '#shared/domain/host.ts';
import type { IncidentTold, ToldRecord } from '#shared/views/incident.ts';
import { gateSchema, unixMs } from './common.ts';
import { entrySchema } from './entry.ts';
import { instanceSchema, STATUSES } from './now.ts';

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

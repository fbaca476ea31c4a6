import { z } from '@hono/zod-openapi';
import { HOST_EVENT_TYPES } from '#events/host-event.ts';
import { AREAS } from '#shared/domain/doctor/areas.ts';
import { type Symptom, WHAT, type What } from '#shared/domain/doctor/symptom.ts';
import type { ReporterRow } from '#shared/domain/reporter-summary.ts';
import type { QueueLook } from '#shared/ports.ts';
import type { Parked } from '#shared/state/parked.ts';
import type { Verification } from '#shared/state/verify-audit.ts';
import type { Health } from '#shared/views/health.ts';
import type { Coverage, ReportersView } from '#shared/views/reporters.ts';
import { unixMs } from './common.ts';

const what = z.enum(Object.keys(WHAT) as [What, ...What[]]);
const count = z.int().min(0);

const symptomSchema: z.ZodType<Symptom> = z
  .strictObject({
    level: z.enum(['trouble', 'note']),
    what,
    about: z.string().openapi({ description: 'The host, the queue, the segment; `salvor` for the whole of it.' }),
    says: z.string(),
  })
  .openapi('Symptom', { description: '`trouble`: somebody should do something. `note`: somebody should know it.' });

const queueSchema: z.ZodType<QueueLook> = z
  .strictObject({
    name: z.string(),
    waiting: count,
    delayed: count,
    inFlight: count,
    deadLetters: count,
    oldestAtMs: unixMs.nullable().openapi({ description: 'Null: none waits, or nobody tells (SQS).' }),
  })
  .openapi('Queue');

export const healthSchema: z.ZodType<Health> = z
  .strictObject({
    atMs: unixMs,
    hosts: count,
    symptoms: z.array(symptomSchema),
    remedies: z.array(z.strictObject({ what, area: z.enum(AREAS), do: z.string() })),
    areas: z.array(
      z.strictObject({
        area: z.enum(AREAS),
        level: z.enum(['well', 'trouble', 'note']),
        troubles: count,
        notes: count,
        lastMs: unixMs.nullable().openapi({ description: 'When it was seen at work; null: never, or nothing tells.' }),
      }),
    ),
    queues: z.array(queueSchema).nullable().openapi({ description: 'Null: they can not be looked at from here.' }),
  })
  .openapi('Health');

const reporterRowSchema: z.ZodType<ReporterRow> = z
  .strictObject({
    reporter: z.string(),
    host: z.string(),
    says: z.enum(['up', 'down', 'beats', ...HOST_EVENT_TYPES]),
    heardAtMs: unixMs,
    remarks: z.array(z.string()),
  })
  .openapi('Report');

const coverageSchema: z.ZodType<Coverage> = z
  .strictObject({
    host: z.string(),
    segment: z.string(),
    heard: z.array(z.string()),
    beating: count,
    required: z.int(),
  })
  .openapi('Coverage', {
    description: 'Who has been heard of a host; who only speaks when one fails is not heard before.',
  });

/** The messages themselves are for "salvor parked": they are as somebody has sent them. */
export type RefusedReport = Omit<Parked, 'sample'>;
export type Reporters = Omit<ReportersView, 'refused'> & { readonly refused: readonly RefusedReport[] };

export const reportersSchema: z.ZodType<Reporters> = z
  .strictObject({
    reports: z.array(reporterRowSchema),
    refused: z.array(
      z.strictObject({
        id: z.string(),
        because: z.string(),
        subject: z.string(),
        count,
        firstAtMs: unixMs,
        lastAtMs: unixMs,
      }),
    ),
    unheard: z.array(z.string()).openapi({ description: 'Reporters of the policy that were never heard.' }),
    coverage: z.array(coverageSchema),
  })
  .openapi('Reporters');

export const verificationSchema: z.ZodType<Verification> = z
  .strictObject({
    findings: z
      .array(z.strictObject({ stream: z.string(), seq: z.int().nullable(), what: z.string() }))
      .openapi({ description: 'What is wrong with the log, and where; none: it is whole.' }),
    hosts: count,
    incidents: count,
    instances: count,
    processes: count,
    streams: count,
    records: count,
  })
  .openapi('Verification');

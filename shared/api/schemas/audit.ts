import { z } from '@hono/zod-openapi';
import type { AuditRecord } from '#shared/domain/audit.ts';
import type { Finding } from '#shared/domain/verify.ts';
import type { JsonObject } from '#shared/ports.ts';
import type { IncidentAudit } from '#shared/views/incident-audit.ts';
import { unixMs } from './common.ts';

const findingSchema: z.ZodType<Finding> = z
  .strictObject({ stream: z.string(), seq: z.int().nullable(), what: z.string() })
  .openapi('Finding', { description: 'What is wrong with the log, and where.' });

const json: z.ZodType<JsonObject> = z.record(z.string(), z.any());

const auditRecordSchema: z.ZodType<AuditRecord> = z
  .strictObject({
    stream: z.string(),
    seq: z.int(),
    atMs: unixMs,
    fact: z.looseObject({ type: z.string() }) as unknown as z.ZodType<AuditRecord['fact']>,
    basis: (json as unknown as z.ZodType<NonNullable<AuditRecord['basis']>>).exactOptional(),
    previousHash: z.string(),
    hash: z.string(),
  })
  .openapi('AuditRecord', { description: 'As it is kept: `hash` is of all the rest.' });

export const auditSchema: z.ZodType<IncidentAudit> = z
  .strictObject({
    findings: z.array(findingSchema).openapi({ description: 'None: the log is whole.' }),
    streams: z.int(),
    checked: z.int().openapi({ description: 'Records that were checked.' }),
    records: z.array(auditRecordSchema),
  })
  .openapi('IncidentAudit');

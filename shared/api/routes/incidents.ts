import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type IncidentEntry, loadEntry, readIncidents } from '#shared/state/hosts.ts';
import { type IncidentTold, incidentTold } from '#shared/views/incident.ts';
import { type IncidentAudit, incidentAudit } from '#shared/views/incident-audit.ts';
import type { ApiServices } from '../app.ts';
import { MOST_READING, OneAtATime } from '../one-at-a-time.ts';
import { Refusal } from '../refusal.ts';
import { auditSchema } from '../schemas/audit.ts';
import { entrySchema } from '../schemas/entry.ts';
import { incidentSchema } from '../schemas/incident.ts';
import type { ApiEnv } from '../who.ts';
import { answers, security } from './answers.ts';

const list = createRoute({
  method: 'get',
  path: '/api/v1/incidents',
  summary: 'Every incident of a host, the newest first',
  security,
  request: {
    query: z.object({
      sinceMs: z.coerce.number().int().min(0).default(0).openapi({ description: 'Opened at this time or later.' }),
    }),
  },
  responses: answers(z.array(entrySchema), 'Open and ended ones.'),
});

const one = createRoute({
  method: 'get',
  path: '/api/v1/incidents/{id}',
  summary:
    'All of one incident: each record of its audit in people’s words, its instances, and whether its log is whole',
  security,
  request: { params: z.object({ id: z.uuid() }) },
  responses: answers(incidentSchema, 'Open or ended.'),
});

const audit = createRoute({
  method: 'get',
  path: '/api/v1/incidents/{id}/audit',
  summary: 'The log of one incident as it is kept, and whether it is whole',
  security,
  request: { params: z.object({ id: z.uuid() }) },
  responses: answers(auditSchema, 'Each record with its hash; `findings` says what is wrong.'),
});

export function incidentRoutes(app: OpenAPIHono<ApiEnv>, { state, clock }: ApiServices): void {
  // It reads and hashes all that was ever said of the host.
  const audits = new OneAtATime(MOST_READING);
  app.openapi(list, async (c) => {
    const entries: IncidentEntry[] = [...(await readIncidents(state, c.req.valid('query').sinceMs)).values];
    return c.json(entries.reverse(), 200);
  });
  app.openapi(one, async (c) => {
    const entry = await loadEntry(state, c.req.valid('param').id);
    if (entry === undefined) throw new Refusal(404, 'there is no such incident: /api/v1/incidents lists them');
    const told: IncidentTold = await incidentTold(state, entry.value);
    return c.json(told, 200);
  });
  app.openapi(audit, async (c) => {
    const entry = await loadEntry(state, c.req.valid('param').id);
    if (entry === undefined) throw new Refusal(404, 'there is no such incident: /api/v1/incidents lists them');
    const kept: IncidentAudit = await audits.run(() => incidentAudit(state, entry.value, clock));
    return c.json(kept, 200);
  });
}

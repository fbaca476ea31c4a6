import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { csv } from '#shared/csv.ts';
import { History, type HistoryFilter, type PastIncident } from '#shared/views/history.ts';
import type { ApiServices } from '../app.ts';
import { MOST_READING, OneAtATime } from '../one-at-a-time.ts';
import { HISTORY_OUTCOMES, pastSchema } from '../schemas/entry.ts';
import type { ApiEnv } from '../who.ts';
import { answers, security } from './answers.ts';

const filter = z.object({
  sinceMs: z.coerce.number().int().min(0).optional().openapi({ description: 'Opened at this time or later.' }),
  untilMs: z.coerce.number().int().min(0).optional().openapi({ description: 'Opened before this time.' }),
  segment: z.string().max(255).optional(),
  host: z.string().max(255).optional().openapi({ description: 'A part of its name.' }),
  outcome: z.enum(HISTORY_OUTCOMES).optional(),
});

const list = createRoute({
  method: 'get',
  path: '/api/v1/history',
  summary: 'Every incident of a host with what it took, the newest first',
  security,
  request: { query: filter },
  responses: answers(z.array(pastSchema), 'Open and ended ones.'),
});

const table = createRoute({
  method: 'get',
  path: '/api/v1/history.csv',
  summary: 'The same as a table for spreadsheets',
  security,
  request: { query: filter },
  responses: {
    ...answers(z.string(), ''),
    200: {
      description: 'RFC 4180. Text that a spreadsheet would take for a formula begins with an apostrophe.',
      content: { 'text/csv': { schema: z.string() } },
    },
  },
});

export function historyRoutes(app: OpenAPIHono<ApiEnv>, { state }: ApiServices): void {
  const history = new History(state);
  // What an incident took is read once, and then by one who asks: the next finds it kept.
  const queue = new OneAtATime(MOST_READING);
  const listed = (query: HistoryFilter) => queue.run(() => history.list(query));
  app.openapi(list, async (c) => c.json([...(await listed(c.req.valid('query')))], 200));
  app.openapi(table, async (c) => {
    const rows = (await listed(c.req.valid('query'))).map(rowOf);
    return c.body(csv([HEAD, ...rows]), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="salvor-incidents.csv"',
    });
  });
}

const HEAD = [
  'id',
  'host',
  'segment',
  'opened',
  'closed',
  'outcome',
  'because',
  'instances',
  'recovered',
  'fenced_seconds',
  'first_back_seconds',
  'last_back_seconds',
];

const iso = (unixMs: number | null): string => (unixMs === null ? '' : new Date(unixMs).toISOString());
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

function rowOf({ id, host, segment, openedAtMs, closedAtMs, outcome, because, counts, took }: PastIncident) {
  const instances = Object.values(counts).reduce((sum, each) => sum + each, 0);
  return [
    id,
    host,
    segment,
    iso(openedAtMs),
    iso(closedAtMs),
    outcome ?? 'open',
    because,
    instances,
    counts.recovered ?? 0,
    seconds(took.fencedMs),
    seconds(took.firstBackMs),
    seconds(took.lastBackMs),
  ];
}

import { z } from '@hono/zod-openapi';
import type { Need } from '#shared/domain/now/needs.ts';
import type { InstanceRow, OpenNow, Phase } from '#shared/domain/now/progress.ts';
import type { SegmentRow } from '#shared/domain/now/segments.ts';
import type { Tile, TileState } from '#shared/domain/now/tile.ts';
import type { NowView } from '#shared/views/now.ts';
import { unixMs } from './common.ts';

const TILE_STATES = [
  'in-service',
  'down',
  'disabled',
  'forced-down',
  'suspected',
  'held',
  'fencing',
  'recovering',
  'stopped',
  'returning',
  'quarantine',
  'maintenance',
] as const satisfies readonly TileState[];

export const tileSchema: z.ZodType<Tile> = z
  .strictObject({
    host: z.string(),
    hostKey: z.string(),
    segment: z.string().nullable(),
    zone: z.string(),
    state: z.enum(TILE_STATES),
    why: z.array(z.string()),
    fence: z
      .enum(['ready', 'degraded', 'not-ready', 'not-asked'])
      .nullable()
      .openapi({ description: 'Whether it could be fenced right now; null while its devices were never asked.' }),
  })
  .openapi('Host');

const PHASES = [
  'waiting',
  'evacuating',
  'restoring',
  'recovered',
  'restarted-from-snapshot',
  'gone',
  'not-protected',
  'left',
  'not-recoverable',
  'person',
] as const satisfies readonly Phase[];

export const instanceSchema: z.ZodType<InstanceRow> = z
  .strictObject({
    instanceId: z.uuid(),
    name: z.string(),
    phase: z.enum(PHASES),
    destination: z.string().nullable(),
    why: z.string(),
    startedAtMs: unixMs.nullable(),
    endedAtMs: unixMs.nullable(),
    attempts: z.int(),
  })
  .openapi('Instance');

export const STATUSES = [
  'suspected',
  'held',
  'fencing',
  'forcing-down',
  'planning',
  'evacuating',
  'handing-over',
  'stopped',
] as const satisfies readonly OpenNow['status'][];

export const openNowSchema: z.ZodType<OpenNow> = z
  .strictObject({
    id: z.uuid(),
    host: z.string(),
    hostKey: z.string(),
    segment: z.string(),
    status: z.enum(STATUSES),
    openedAtMs: unixMs,
    why: z.array(z.string()),
    counts: z.partialRecord(z.enum(PHASES), z.int()),
    total: z.int(),
    instances: z.array(instanceSchema),
  })
  .openapi('OpenIncident');

export const segmentSchema: z.ZodType<SegmentRow> = z
  .strictObject({
    segment: z.string(),
    hosts: z.int(),
    states: z.partialRecord(z.enum(TILE_STATES), z.int()),
    notFenceable: z.int(),
    disarmed: z.boolean(),
    survivesOne: z.boolean().nullable(),
    survivesTwo: z.boolean().nullable(),
  })
  .openapi('Segment');

const needSchema: z.ZodType<Need> = z
  .strictObject({ about: z.string(), says: z.string(), commands: z.array(z.string()) })
  .openapi('Need', { description: 'Something that waits for a person, and the commands that would move it on.' });

const disarmedSchema = z.strictObject({
  name: z.union([z.literal('global'), z.strictObject({ segment: z.string() })]),
  disarmed: z.strictObject({
    by: z.string(),
    reason: z.string(),
    atMs: unixMs,
    untilMs: unixMs.nullable(),
  }),
});

export const nowSchema: z.ZodType<NowView> = z
  .strictObject({
    atMs: unixMs,
    beat: z
      .strictObject({ runningSinceMs: unixMs, lastMs: unixMs })
      .nullable()
      .openapi({ description: 'Since when salvor has been at work, and last; null: never.' }),
    disarmed: z.array(disarmedSchema),
    segments: z.array(segmentSchema),
    hosts: z.array(tileSchema),
    incidents: z.array(openNowSchema),
    others: z.strictObject({ instances: z.int(), processes: z.int() }),
    needs: z.array(needSchema),
  })
  .openapi('Now');

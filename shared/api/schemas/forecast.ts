import { z } from '@hono/zod-openapi';
import type { Loss, SegmentCapacity } from '#shared/domain/forecast/capacity.ts';
import type { Figure, Pace } from '#shared/domain/forecast/pace.ts';
import type { ForecastHost, ForecastInstance } from '#shared/domain/forecast/what-if.ts';
import type { CapacityView } from '#shared/views/capacity.ts';
import type { WhatIf } from '#shared/views/what-if.ts';
import { unixMs } from './common.ts';

const lossSchema: z.ZodType<Loss> = z
  .strictObject({
    survives: z.boolean(),
    worst: z
      .strictObject({ hosts: z.array(z.string()), without: z.int(), memoryMb: z.int() })
      .nullable()
      .openapi({ description: 'Those whose failure leaves most instances without room; null while none does.' }),
    planned: z.int(),
    of: z.int(),
  })
  .openapi('Loss');

const capacitySchema: z.ZodType<SegmentCapacity> = z
  .strictObject({
    segment: z.string(),
    hosts: z.int(),
    instances: z.int(),
    one: lossSchema,
    two: lossSchema,
    largest: z.strictObject({ name: z.string(), memoryMb: z.int(), fitsOn: z.int() }).nullable(),
  })
  .openapi('SegmentCapacity');

export const capacityViewSchema: z.ZodType<CapacityView> = z
  .strictObject({
    listedAtMs: unixMs.nullable().openapi({ description: 'Null: not all instances have been listed yet.' }),
    segments: z.array(capacitySchema),
    racks: z.array(z.strictObject({ name: z.string(), hosts: z.int() })),
  })
  .openapi('Capacity');

const figureSchema: z.ZodType<Figure> = z.strictObject({
  seconds: z.number(),
  of: z.int().openapi({ description: 'How many were measured; 0: it is assumed.' }),
});

const paceSchema: z.ZodType<Pace> = z
  .strictObject({
    novaDownSeconds: figureSchema,
    fencingSeconds: figureSchema,
    evacuationSeconds: z.array(z.strictObject({ seconds: z.number(), of: z.int(), inFlight: z.int() })),
    rebuildSeconds: figureSchema,
  })
  .openapi('Pace');

const forecastHostSchema: z.ZodType<ForecastHost> = z
  .strictObject({
    host: z.string(),
    segment: z.string().nullable(),
    blockers: z.array(z.string()).openapi({ description: 'Why it would not be fenced; then nothing comes back.' }),
    seen: z.boolean(),
    unread: z.array(z.string()),
    evacuatesAtSeconds: z.number().nullable(),
  })
  .openapi('ForecastHost');

export const FORECAST_OUTCOMES = [
  'comes-back',
  'from-snapshot',
  'maybe',
  'stays',
  'not-protected',
] as const satisfies readonly ForecastInstance['outcome'][];

const forecastInstanceSchema: z.ZodType<ForecastInstance> = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    host: z.string(),
    outcome: z.enum(FORECAST_OUTCOMES),
    destination: z.string().nullable(),
    because: z.string(),
    priority: z.number(),
    tier: z.int().nullable(),
    times: z.strictObject({ startsAtSeconds: z.number(), upAtSeconds: z.number() }).nullable(),
  })
  .openapi('ForecastInstance');

export const whatIfSchema: z.ZodType<WhatIf> = z
  .strictObject({
    asOf: z.string(),
    mirroredAtMs: unixMs.nullable().openapi({ description: 'Null: Nova was asked.' }),
    pace: paceSchema,
    hosts: z.array(forecastHostSchema),
    instances: z.array(forecastInstanceSchema),
    counts: z.strictObject({
      'comes-back': z.int(),
      'from-snapshot': z.int(),
      maybe: z.int(),
      stays: z.int(),
      'not-protected': z.int(),
    }),
    lastUpAtSeconds: z.number().nullable(),
    inShort: z.string(),
    countedWith: z.string(),
  })
  .openapi('WhatIf');

const name = z.string().min(1).max(255);
const live = z.boolean().optional().openapi({
  description: 'Ask Nova now. Unless said, what is mirrored is taken, and Nova asked while that is not whole.',
});

/** One of four: these hosts, or all of a failure domain, a zone, or a segment. */
export const failingSchema = z
  .union([
    z.strictObject({ hosts: z.array(name).min(1).max(2000), live }),
    z.strictObject({ rack: name, live }),
    z.strictObject({ zone: name, live }),
    z.strictObject({ segment: name, live }),
  ])
  .openapi('Failing');

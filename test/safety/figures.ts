import * as z from 'zod';

/** What each check prints as JSON, as far as docs/safety.md shows it. */

export const simulation = z.object({
  tally: z.object({
    seeds: z.number(),
    incidents: z.number(),
    instances: z.number(),
    evacuations: z.number(),
    powerOffs: z.number(),
    faults: z.number(),
    byKind: z.record(z.string(), z.number()),
    pairs: z.record(z.string(), z.number()),
    virtualHours: z.number(),
  }),
  broken: z.array(z.object({ seed: z.number(), violation: z.object({ id: z.string(), what: z.string() }) })),
  seconds: z.number(),
});

export const model = z.object({
  /** All of it took so long. */
  seconds: z.number().optional(),
  profiles: z.array(
    z.object({
      name: z.string(),
      bounds: z.string(),
      states: z.number(),
      transitions: z.number(),
      seconds: z.number(),
      broken: z.string().nullable(),
    }),
  ),
});

export const variants = z.array(
  z.object({
    name: z.string(),
    wrong: z.string(),
    room: z.string(),
    caught: z.boolean(),
    by: z.string().nullable(),
    effort: z.string(),
    /** The commit at which it was hunted, where that was later than the others. */
    at: z.string().optional(),
  }),
);

export const soak = z.object({
  recoveries: z.number(),
  instancesRecovered: z.number(),
  kills: z.number(),
  eventsAccepted: z.number(),
  eventsLost: z.number(),
  doubleEvacuations: z.number(),
  evacuationsWithoutProof: z.number(),
  auditRecords: z.number(),
  seconds: z.number(),
  broken: z.array(z.string()),
});

/** As `test/localstack/kill.test.ts` leaves it. */
export const localstack = z.object({
  kills: z.number(),
  throttledRequests: z.number(),
  deadLetters: z.number(),
  eventsLost: z.number(),
  doubleEvacuations: z.number(),
  withoutProof: z.number(),
  broken: z.array(z.string()),
});

export const mutation = z.object({
  score: z.number(),
  mutants: z.number(),
  killed: z.number(),
  survived: z.number(),
  explained: z.number(),
});

const measured = <T extends z.ZodType>(figures: T) =>
  z.object({ machine: z.object({ cores: z.number(), date: z.string(), commit: z.string() }), figures });

export const results = z.object({
  simulation: measured(simulation).optional(),
  model: measured(model).optional(),
  variants: measured(variants).optional(),
  soak: measured(soak).optional(),
  localstack: measured(localstack).optional(),
  mutation: measured(mutation).optional(),
});
export type Results = z.infer<typeof results>;

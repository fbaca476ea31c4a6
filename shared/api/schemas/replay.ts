import { z } from '@hono/zod-openapi';
import { unixMs } from './common.ts';

/** Of so many decisions that come out otherwise each is told. */
export const MOST_TOLD = 200;

export const replaySchema = z
  .strictObject({
    decisions: z.int(),
    different: z.int(),
    undecided: z.int().openapi({ description: 'Those that can not be made again from the log.' }),
    told: z
      .array(
        z.strictObject({
          stream: z.string(),
          seq: z.int(),
          atMs: unixMs,
          by: z.string().nullable(),
          recorded: z.array(z.string()),
          decided: z.array(z.string()).nullable(),
          cannot: z.string().nullable(),
          at: z.string().nullable().openapi({ description: 'Where the facts first differ.' }),
          was: z.string().nullable().openapi({ description: 'What was recorded there, as JSON.' }),
          is: z.string().nullable().openapi({ description: 'What is decided now, as JSON; null: nothing.' }),
        }),
      )
      .openapi({ description: `Those that differ, or can not be made again: the first ${MOST_TOLD}.` }),
    otherwise: z
      .strictObject({
        course: z.array(z.strictObject({ atMs: unixMs, what: z.string() })),
        end: z.string(),
      })
      .nullable()
      .openapi({ description: 'Where it would have led, as far as the log can tell; null: to the same.' }),
  })
  .openapi('Replay');

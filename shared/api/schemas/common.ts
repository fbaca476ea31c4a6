import { z } from '@hono/zod-openapi';
import { GATES, type GateResult } from '#shared/domain/gates/gate.ts';

/** What answers have in common. Times are Unix ms. */

export const unixMs = z.int().openapi({ description: 'Unix time in milliseconds' });

/** RFC 9457. */
export const problemSchema = z
  .object({ title: z.string(), status: z.int(), detail: z.string() })
  .openapi('Problem', { description: 'What is wrong and what to do about it (RFC 9457).' });

export const gateSchema: z.ZodType<GateResult> = z
  .strictObject({
    gate: z.enum(GATES),
    open: z.boolean(),
    because: z.string().openapi({ description: 'In a person’s words, with every number that counted.' }),
    released: z
      .string()
      .exactOptional()
      .openapi({ description: 'Who let the host go on although it is closed, and why.' }),
  })
  .openapi('Gate');

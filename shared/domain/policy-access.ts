import * as z from 'zod';
import { name } from './policy-values.ts';

/** Who may look at salvor by its API and its console, and who may steer it. */

/** `viewer` looks; `operator` also switches, dismisses and works on hosts; `approver` also releases and confirms. */
export const role = z.enum(['viewer', 'operator', 'approver']);
export type Role = z.infer<typeof role>;

export const access = z.strictObject({
  /** By the name that goes into the audit. */
  people: z.record(
    z.string().min(1).max(255),
    z.strictObject({
      /** Name of the secret that holds `token`, and `previousToken` while it changes. */
      token: name,
      role,
    }),
  ),
});
export type Access = z.infer<typeof access>;

import { z } from '@hono/zod-openapi';
import type { PolicyChange } from '#shared/domain/policy-diff.ts';
import type { PolicyFault } from '#shared/policy-text.ts';
import type { Size } from '#shared/policy-yaml.ts';
import type { PolicyChecked, PolicyView } from '#shared/views/policy.ts';

export const policyViewSchema: z.ZodType<PolicyView> = z
  .strictObject({
    id: z.string().openapi({ description: 'As the audit names it.' }),
    yaml: z.string().openapi({ description: 'With every default.' }),
    short: z.string().openapi({ description: 'Only what is not as by default.' }),
    notes: z.array(z.string()),
    segments: z.int(),
    fenceDevices: z.int(),
    made: z.array(z.string()).openapi({ description: 'Segments that were made through the Masakari API.' }),
  })
  .openapi('Policy');

const faultSchema: z.ZodType<PolicyFault> = z
  .strictObject({
    path: z.string().openapi({ description: 'Such as `segments.0.graceSeconds`; empty: the whole text.' }),
    line: z.int().nullable(),
    says: z.string(),
  })
  .openapi('PolicyFault');

const changeSchema: z.ZodType<PolicyChange> = z
  .strictObject({
    path: z.string().openapi({ description: 'Segments by their names: `segments.az1.graceSeconds`.' }),
    kind: z.enum(['added', 'removed', 'changed']),
    before: z.string().nullable(),
    after: z.string().nullable(),
    means: z.string().nullable().openapi({ description: 'In a person’s words.' }),
    guards: z
      .enum(['fewer', 'more'])
      .nullable()
      .openapi({ description: 'Whether salvor acts with fewer guards before it then, or with more.' }),
  })
  .openapi('PolicyChange');

export const policyCheckedSchema: z.ZodType<PolicyChecked> = z
  .strictObject({
    well: z.boolean(),
    faults: z.array(faultSchema),
    notes: z.array(z.string()),
    segments: z.int(),
    fenceDevices: z.int(),
    changes: z.array(changeSchema).nullable().openapi({ description: 'Null: not compared.' }),
  })
  .openapi('PolicyChecked');

/** Of a policy in characters: of 2,000 hosts with a fence device each it has about half of that. */
export const MOST_POLICY_CHARACTERS = 512 * 1024;

/**
 * Of a policy by whoever may look, so that this process, which may also be the one that fences, stands still for less than a
 * second: `test/api/policy-size.test.ts` has what takes longest, and a cloud of 2,000 hosts.
 */
export const MOST_OF_POLICY: Size = { tokens: 150_000, aliases: 200, values: 50_000, characters: 1024 * 1024 };

export const policyText = z.string().min(1).max(MOST_POLICY_CHARACTERS).openapi({ description: 'YAML or JSON.' });
export const policyTextSchema = z.strictObject({ text: policyText }).openapi('PolicyText');

import type { ReturnRules } from '#shared/domain/return/checks.ts';
import type { Returning } from '#shared/domain/return/returning.ts';
import type { Services } from '#shared/services.ts';

/** The segment under whose policy the host comes back; null when it is in none, or the policy has it no more. */
export const rulesOf = ({ policy }: Pick<Services, 'policy'>, returning: Returning): ReturnRules => ({
  policy,
  segment: policy.segments.find(({ name }) => name === returning.segment) ?? null,
});

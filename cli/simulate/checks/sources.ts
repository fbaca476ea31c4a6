import type { Policy } from '#shared/domain/policy.ts';

/** Two names of one source are one. */
export const sourcesAmong = (reporters: readonly string[], policy: Policy): readonly string[] => [
  ...new Set(reporters.map((reporter) => sourceOf(reporter, policy))),
];

/** By the policy's groups; else two names of one address are one source. */
function sourceOf(reporter: string, { reporterGroups = {} }: Policy): string {
  const [group] =
    Object.entries(reporterGroups).find(([, patterns]) => patterns.some((pattern) => fits(reporter, pattern))) ?? [];
  return group ?? new URL(reporter, 'https://reporters.simulated').pathname.replace(/\/$/, '');
}

function fits(reporter: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(reporter);
}

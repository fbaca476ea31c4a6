import type { Access } from './policy-access.ts';

/** How somebody may prove who he is. */
export const WAYS = ['token', 'keystone', 'oidc', 'iam'] as const;
export type Way = (typeof WAYS)[number];

/** Of the policy, in the order in which they are told. */
export const waysOf = (access: Access | undefined): readonly Way[] =>
  WAYS.filter((way) => access?.[way === 'token' ? 'people' : way] !== undefined);
